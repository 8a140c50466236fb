import { assetPath } from '../http/assets.ts';
import { html, type Html, type HtmlValue } from './html.ts';

export type FrameInput = {
  /** The heading, which is the `<title>` as well. */
  readonly heading: string;
  readonly name: 'start' | 'signed_in' | 'failed';
  /** How far the journey has come: the water levels of ../assets/weir.css. */
  readonly level: '1' | '2' | 'still';
  readonly stylesheet: string;
  readonly links: readonly { readonly label: string; readonly href: string }[];
  readonly body: HtmlValue;
  /** A line that stands on the low water. */
  readonly aside?: Html | undefined;
};

const MARK = html`<svg class="logo" viewBox="0 0 24 24" aria-hidden="true">
  <path class="mark-up" d="M0 6h9v18H0z" />
  <path class="mark-down" d="M14 13h10v11H14z" />
  <path class="mark-wall" d="M9 4a2.5 2.5 0 0 1 5 0v20H9z" />
</svg>`;

/** The page around every page: the look of the hosted pages, without a script. */
export function frame({ heading, name, level, stylesheet, links, body, aside }: FrameInput): Html {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <title>${name === 'failed' ? 'Error: ' : ''}${heading} · Demo application</title>
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <link rel="stylesheet" href="${assetPath('weir.css')}" />
        <link rel="stylesheet" href="${stylesheet}" />
        <link rel="icon" type="image/svg+xml" href="${assetPath('mark.svg')}" />
      </head>
      <body data-page="${name}" data-level="${level}">
        <div class="wall">
          <header class="head">${MARK}<span>Demo application</span></header>
          <main>
            <h1>${heading}</h1>
            ${body}
          </main>
        </div>
        <div class="reach" aria-hidden="true">
          <div class="up">
            <svg class="level" viewBox="0 0 18 22">
              <path d="M1 0h16L9 12z" />
              <path d="M0 14h18M3.5 17.5h11M6.5 21h5" class="ripple" />
            </svg>
          </div>
          <div class="ridge"></div>
          <div class="down"></div>
        </div>
        <footer class="foot">
          ${aside}
          <ul>
            ${links.map(({ label, href }) => html`<li><a href="${href}">${label}</a></li>`)}
          </ul>
        </footer>
      </body>
    </html>`;
}
