// @ts-check
import { html, nothing } from 'lit';
import { View } from './view.js';

/** Looks through the camera until a snapshot is taken; then, and when it goes away, the camera is off. */
export class WebCam extends View {
    static properties = { ...View.properties, second: { type: Boolean }, error: { state: true } };

    constructor() {
        super();
        this.second = false;
        this.error = '';
        /** @type {MediaStream | null} */
        this.stream = null;
    }

    render() {
        return html`${
                this.error
                    ? html`<p class="error" data-testid="error" role="alert">${this.error}</p>`
                    : html`<video autoplay playsinline muted aria-label="Camera"></video>`
            }
            <div class="row">
                ${this.error ? nothing : html`<button class="primary" @click=${this.take}>Take the picture</button>`}
                <button @click=${this.done}>Back</button>
            </div>`;
    }

    async firstUpdated() {
        try {
            if (!navigator.mediaDevices) throw new Error('no camera');
            this.stream = await navigator.mediaDevices.getUserMedia({
                video: { width: 1280 },
                audio: false,
            });
            if (!this.isConnected) return this.stop();
            const video = this.querySelector('video');
            if (video) video.srcObject = this.stream;
        } catch (problem) {
            this.error =
                /** @type {Error} */ (problem).name === 'NotAllowedError'
                    ? 'The browser was not allowed to use the camera.'
                    : 'No camera was found.';
        }
    }

    disconnectedCallback() {
        super.disconnectedCallback();
        this.stop();
    }

    stop() {
        this.stream?.getTracks().forEach((track) => track.stop());
        this.stream = null;
    }

    take() {
        const video = this.querySelector('video');
        if (!video?.videoWidth) return;
        this.store.actions.takeSnapshot(video, this.second);
        this.done();
    }

    done() {
        this.stop();
        this.dispatchEvent(new CustomEvent('done'));
    }
}
customElements.define('web-cam', WebCam);
