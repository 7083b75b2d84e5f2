import { distributions } from './distributions.ts';
import { endToEnd } from './end-to-end.ts';
import { fastestdet } from './fastestdet.ts';
import type { Layout } from './layout.ts';
import { ssd } from './ssd.ts';
import { yolov8 } from './yolov8.ts';
import { yolox } from './yolox.ts';

/** In the order in which they are tried: what only one can be before what several could. */
export const layouts: readonly Layout[] = [yolox, yolov8, distributions, fastestdet, ssd, endToEnd];
