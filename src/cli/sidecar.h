/* What lies beside a model: MODEL.json with its preprocessing, and text files of labels. */
#ifndef CONVOSCOPE_CLI_SIDECAR_H
#define CONVOSCOPE_CLI_SIDECAR_H

#include "network.h"

/* Keys size, channels, mean, std, range, resize as text, number or array, and labels as array or lines;
 * what is there overrides the network's own. */
Status sidecar_read(Network *network, const char *path);

/* One class name per line; WordNet ids in front (n01440764) are left out. */
Status labels_read(Network *network, const char *path);

#endif
