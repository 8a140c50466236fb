/** Red, green and blue from 0 to 255. */
export type Rgb = readonly [number, number, number];

/** A colour as people see it: lightness 0 to 1, chroma (0 is grey), hue in radians. */
export type Oklch = { readonly lightness: number; readonly chroma: number; readonly hue: number };

/** `#rgb` or `#rrggbb`; `undefined` for anything else. */
export function parseColor(color: string): Rgb | undefined {
  const digits = /^#(?:[0-9a-f]{3}|[0-9a-f]{6})$/i.test(color) ? color.slice(1) : undefined;
  if (digits === undefined) return undefined;
  const width = digits.length / 3;
  const channel = (index: number) => {
    const part = digits.slice(index * width, (index + 1) * width);
    return Number.parseInt(part.repeat(2 / width), 16);
  };
  return [channel(0), channel(1), channel(2)];
}

/** `#rrggbb`. */
export function formatColor(rgb: Rgb): string {
  return `#${rgb.map((channel) => channel.toString(16).padStart(2, '0')).join('')}`;
}

/** Contrast ratio as WCAG 2.2 defines it, 1 to 21. */
export function contrast(a: Rgb, b: Rgb): number {
  const [low = 0, high = 0] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (high + 0.05) / (low + 0.05);
}

function luminance(rgb: Rgb): number {
  const [red, green, blue] = rgb.map(toLinear) as [number, number, number];
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

// The matrices of OKLab: Björn Ottosson, "A perceptual color space for image processing", 2020.

export function toOklch(rgb: Rgb): Oklch {
  const [red, green, blue] = rgb.map(toLinear) as [number, number, number];
  const l = Math.cbrt(0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue);
  const m = Math.cbrt(0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue);
  const s = Math.cbrt(0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue);
  const a = 1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s;
  const b = 0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s;
  return {
    lightness: 0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s,
    chroma: Math.hypot(a, b),
    hue: Math.atan2(b, a),
  };
}

const chromaStep = 0.005;

/** The colour on a screen; one too strong for screens loses chroma, never hue or lightness. */
export function fromOklch({ lightness, chroma, hue }: Oklch): Rgb {
  for (let strength = chroma; strength > 0; strength -= chromaStep) {
    const linear = linearOf(lightness, strength, hue);
    if (linear.every((channel) => channel >= -0.0005 && channel <= 1.0005)) return toRgb(linear);
  }
  return toRgb(linearOf(lightness, 0, 0));
}

function linearOf(lightness: number, chroma: number, hue: number): Rgb {
  const a = chroma * Math.cos(hue);
  const b = chroma * Math.sin(hue);
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3;
  return [
    4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
    -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
    -0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s,
  ];
}

function toRgb(linear: Rgb): Rgb {
  return linear.map((channel) =>
    Math.round(255 * fromLinear(Math.min(1, Math.max(0, channel)))),
  ) as unknown as Rgb;
}

function toLinear(channel: number): number {
  const value = channel / 255;
  return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
}

function fromLinear(value: number): number {
  return value <= 0.0031308 ? 12.92 * value : 1.055 * value ** (1 / 2.4) - 0.055;
}
