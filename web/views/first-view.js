// @ts-check
/**
 * What stands in the page until the views do, which are most of its script and hold its thread while they are made:
 * index.html has the places, and here come the picture as soon as it is read and the answer as soon as it is given,
 * where the views will draw them. Nothing in it can be used.
 */
import { answerName, markAnswer } from './answer.js';
import { percent, seconds } from './format.js';

/**
 * Draws into index.html's #first-view until it is removed.
 * @param {import('../store/store.js').Store} store
 * @returns {() => void} removes it
 */
export function showFirstView(store) {
    const view = /** @type {HTMLElement} */ (document.querySelector('#first-view'));
    const specimen = /** @type {HTMLElement} */ (view.querySelector('.first-specimen'));
    /** @type {HTMLElement} */ (view.querySelector('main')).dataset.place = store.state.place;
    const draw = () => {
        const { specimen: picture, look } = store.state;
        const answer = look?.classes?.length ? [drawAnswer(look)] : [];
        specimen.replaceChildren(...(picture ? drawPicture(picture) : []), ...answer);
        if (answer.length) markAnswer();
    };
    const stop = store.subscribe((changed) => {
        if (changed.has('specimen') || changed.has('look')) draw();
    });
    draw();
    return () => {
        stop();
        view.remove();
    };
}

/** @param {string} tag @param {string} classes @param {(Node | string)[]} children */
function element(tag, classes, ...children) {
    const made = document.createElement(tag);
    made.className = classes;
    made.append(...children);
    return made;
}

/** @param {import('../store/picture.js').Picture} picture */
function drawPicture({ canvas, width, height, name }) {
    const well = element('div', 'well picture full', canvas);
    well.style.setProperty('--shape', String(width / height));
    const caption = element('div', 'caption', element('span', 'name', name), element('span', 'muted figures', `${width} × ${height}`));
    return [well, caption];
}

/** @param {{classes: {index: number, label: string, probability: number}[], seconds: number}} look */
function drawAnswer({ classes, seconds: time }) {
    const rows = classes.map((c) => {
        const bar = element('span', 'bar');
        bar.style.setProperty('--p', String(c.probability));
        return element('li', 'class-bar', element('span', 'name', answerName(c)), element('span', 'figures', percent(c.probability)), bar);
    });
    const answer = element('section', 'classes',
        element('h2', '', 'Answer ', element('span', 'muted figures', seconds(time))), element('ul', '', ...rows));
    answer.dataset.testid = 'first-answer';
    return answer;
}
