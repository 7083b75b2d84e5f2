import { Counter, Histogram, type Registry } from 'prom-client';

export interface ProcessorMetrics {
  frame(lane: string, outcome: string): void;
  time<Result>(stage: string, work: () => Promise<Result>): Promise<Result>;
  timeDetector<Result>(work: () => Promise<Result>): Promise<Result>;
  found(model: string, classNames: readonly string[]): void;
}

export function createProcessorMetrics(registry: Registry): ProcessorMetrics {
  const frames = new Counter({
    name: 'passerby_processor_frames_total',
    help: 'Frame records read, by lane and by what became of them.',
    labelNames: ['lane', 'outcome'],
    registers: [registry],
  });
  const stages = new Histogram({
    name: 'passerby_processor_stage_seconds',
    help: 'Time that a batch spends in each stage.',
    labelNames: ['stage'],
    buckets: [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
    registers: [registry],
  });
  const detector = new Histogram({
    name: 'passerby_detector_seconds',
    help: 'Time from handing a picture to the detector to knowing what is in it; what waits in its queue included.',
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5],
    registers: [registry],
  });
  const found = new Counter({
    name: 'passerby_found_total',
    help: 'People and other things found in frames, each frame for itself, by the model that found them.',
    labelNames: ['model', 'class_name'],
    registers: [registry],
  });
  async function timed<Result>(end: () => unknown, work: () => Promise<Result>): Promise<Result> {
    try {
      return await work();
    } finally {
      end();
    }
  }
  return {
    frame: (lane, outcome) => frames.inc({ lane, outcome }),
    time: (stage, work) => timed(stages.startTimer({ stage }), work),
    timeDetector: (work) => timed(detector.startTimer(), work),
    found(model, classNames) {
      for (const class_name of classNames) found.inc({ model, class_name });
    },
  };
}
