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
  const rgb = color === undefined ? undefined : parse(color);
  if (!rgb) return undefined;
  return { light: correct(rgb, 0, grounds.light), dark: correct(rgb, 255, grounds.dark) };
}

type Rgb = readonly [number, number, number];

function correct(rgb: Rgb, towards: number, against: readonly string[]): string {
  const backgrounds = against.map((ground) => parse(ground) ?? rgb);
  for (let step = 0; step <= steps; step += 1) {
    const mixed = mix(rgb, towards, step / steps);
    if (backgrounds.every((ground) => contrast(mixed, ground) >= leastContrast)) return format(mixed);
  }
  return format([towards, towards, towards]);
}

function parse(color: string): Rgb | undefined {
  const digits = /^#(?:[0-9a-f]{3}|[0-9a-f]{6})$/i.test(color) ? color.slice(1) : undefined;
  if (digits === undefined) return undefined;
  const width = digits.length / 3;
  const channel = (index: number) => {
    const part = digits.slice(index * width, (index + 1) * width);
    return Number.parseInt(part.repeat(2 / width), 16);
  };
  return [channel(0), channel(1), channel(2)];
}

function mix([red, green, blue]: Rgb, towards: number, share: number): Rgb {
  const blend = (channel: number) => Math.round(channel + (towards - channel) * share);
  return [blend(red), blend(green), blend(blue)];
}

function format(rgb: Rgb): string {
  return `#${rgb.map((channel) => channel.toString(16).padStart(2, '0')).join('')}`;
}

/** Contrast ratio and relative luminance as WCAG 2.2 defines them. */
function contrast(a: Rgb, b: Rgb): number {
  const [low = 0, high = 0] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (high + 0.05) / (low + 0.05);
}

function luminance([red, green, blue]: Rgb): number {
  const linear = (channel: number) => {
    const value = channel / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  };
  return 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue);
}
