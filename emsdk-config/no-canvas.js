/**
 * With threads, the C library's queue of calls from one thread to another knows two that make canvases, and brings
 * 13 KB of script for them, WebGL with it. The core draws nothing: they answer as in a browser without canvases.
 */
mergeInto(LibraryManager.library, {
  emscripten_set_canvas_element_size__deps: [],
  emscripten_set_canvas_element_size: function() {
    return -1; /* EMSCRIPTEN_RESULT_NOT_SUPPORTED */
  },
  emscripten_webgl_create_context__deps: [],
  emscripten_webgl_create_context: function() {
    return 0;
  },
});
