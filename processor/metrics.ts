import { Counter, Histogram, type Registry } from 'prom-client';

export interface ProcessorMetrics {
  frame(lane: string, outcome: string): void;
  time<Result>(stage: string, work: () => Promise<Result>): Promise<Result>;
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
  return {
    frame: (lane, outcome) => frames.inc({ lane, outcome }),
    async time(stage, work) {
      const end = stages.startTimer({ stage });
      try {
        return await work();
      } finally {
        end();
      }
    },
  };
}
