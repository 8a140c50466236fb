import { contrast, formatColor, parseColor, type Rgb } from '../branding/color.ts';

/** A pool's tag colour, legible on the light and on the dark page. */
export interface BasinColor {
  light: string;
  dark: string;
}

/** What a basin lies on in each scheme: foam, and shallow while the pointer is over its row. */
const grounds = { light: ['#ffffff', '#e6f0ed'], dark: ['#111e1d', '#172927'] };
// WCAG 2.2 SC 1.4.11, graphical objects.
const leastContrast = 3;
const steps = 40;

/**
 * Moves a colour towards black or white until it stands 3:1 against the page of each scheme.
 * @param color `#rgb` or `#rrggbb`
 * @returns `undefined` for anything else, so that the page's own colour is used
 */
export function basinColor(color: string | undefined): BasinColor | undefined {
  const rgb = color === undefined ? undefined : parseColor(color);
  if (!rgb) return undefined;
  return { light: correct(rgb, 0, grounds.light), dark: correct(rgb, 255, grounds.dark) };
}

function correct(rgb: Rgb, towards: number, against: readonly string[]): string {
  const backgrounds = against.map((ground) => parseColor(ground) ?? rgb);
  for (let step = 0; step <= steps; step += 1) {
    const mixed = mix(rgb, towards, step / steps);
    if (backgrounds.every((ground) => contrast(mixed, ground) >= leastContrast)) return formatColor(mixed);
  }
  return formatColor([towards, towards, towards]);
}

function mix([red, green, blue]: Rgb, towards: number, share: number): Rgb {
  const blend = (channel: number) => Math.round(channel + (towards - channel) * share);
  return [blend(red), blend(green), blend(blue)];
}
