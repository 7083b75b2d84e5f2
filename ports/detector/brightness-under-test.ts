import type { Detector } from './detector.ts';

/** Takes what is bright for a person: what it finds follows from the picture, and can be drawn. */
export const brightnessDetector: Detector = {
  model: 'brightness@1',
  people: { sure: 0.5, faint: 0.4 },
  fit: () => ({ width: 64, height: 48 }),
  async detect({ rgb, width, height }) {
    const bright = [...rgb.keys()].filter((at) => at % 3 === 0 && (rgb[at] as number) > 150).map((at) => at / 3);
    if (bright.length === 0) return [];
    const [columns, rows] = [bright.map((pixel) => pixel % width), bright.map((pixel) => Math.floor(pixel / width))];
    const [x, y] = [Math.min(...columns) / width, Math.min(...rows) / height];
    const box = { x, y, width: (Math.max(...columns) + 1) / width - x, height: (Math.max(...rows) + 1) / height - y };
    return [{ className: 'person', confidence: 0.9, box }];
  },
};
