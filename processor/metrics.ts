import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

/** Of a picture, one after the other; and of a batch. */
export type Stage = 'fetch' | 'decode' | 'motion' | 'infer' | 'step' | 'commit';

export interface ProcessorMetrics {
  frame(lane: string, outcome: string): void;
  time<Result>(stage: Stage, work: () => Promise<Result>): Promise<Result>;
  took(stage: Stage, ms: number): void;
  found(model: string, classNames: readonly string[]): void;
  /** A partition of a lane was taken. */
  taken(lane: string): void;
  stateSize(bytes: number): void;
  /** How many people are followed in a partition of a lane; counted when somebody asks. */
  followed(place: LanePlace, count: () => number): void;
  /** How many records of a partition of a lane were put off. */
  putOff(place: LanePlace, records: number): void;
  /** A failure that counts, after which a frame is tried again or given up. */
  retried(lane: string, code: string): void;
  givenUp(lane: string, code: string): void;
  /** Whether a partition of a lane waits, since too much of it would go to the dead letters. */
  flooded(place: LanePlace, flooded: boolean): void;
  /** A partition of a lane was left: whoever has it now tells of it, and a sum over all would count it twice. */
  released(place: LanePlace): void;
}

interface LanePlace {
  readonly lane: string;
  readonly partition: number;
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
    help: 'Time of a picture in fetch, decode and infer, waits for the store and the detector included; the work of motion and step; of a batch in commit.',
    labelNames: ['stage'],
    buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
    registers: [registry],
  });
  const found = new Counter({
    name: 'passerby_found_total',
    help: 'People and other things found in frames, each frame for itself, by the model that found them.',
    labelNames: ['model', 'class_name'],
    registers: [registry],
  });
  const taken = new Counter({
    name: 'passerby_processor_partitions_taken_total',
    help: 'How often a partition was taken: at a start, after trouble, and when partitions move between processors.',
    labelNames: ['lane'],
    registers: [registry],
  });
  const stateBytes = new Histogram({
    name: 'passerby_processor_state_bytes',
    help: "Size of a device's state as it is written with each batch; 64 KB at most.",
    buckets: [1_024, 4_096, 8_192, 16_384, 24_576, 32_768, 49_152, 65_536],
    registers: [registry],
  });
  const counts = new Map<string, () => void>();
  const nameOf = ({ lane, partition }: LanePlace) => `${lane}/${partition}`;
  const labelsOf = ({ lane, partition }: LanePlace) => ({ lane, partition: String(partition) });
  const followed = new Gauge({
    name: 'passerby_processor_people',
    help: 'People who are being followed, as of the last commit.',
    labelNames: ['lane', 'partition'],
    registers: [registry],
    collect: () => {
      for (const count of counts.values()) count();
    },
  });
  const putOff = new Gauge({
    name: 'passerby_processor_put_off_records',
    help: 'Records that were read and put off, as of the last batch: each device has its share, and one may wait for a frame.',
    labelNames: ['lane', 'partition'],
    registers: [registry],
  });
  const retries = new Counter({
    name: 'passerby_processor_retries_total',
    help: 'Attempts at frames that failed, not counting outages, by lane and by why.',
    labelNames: ['lane', 'code'],
    registers: [registry],
  });
  const givenUp = new Counter({
    name: 'passerby_processor_given_up_total',
    help: 'Frames that were given up after PROCESSOR_ATTEMPTS, by lane and by why the last one failed.',
    labelNames: ['lane', 'code'],
    registers: [registry],
  });
  const flooded = new Gauge({
    name: 'passerby_processor_flooded',
    help: 'Whether a partition waits (1) because most of its frames would become dead letters.',
    labelNames: ['lane', 'partition'],
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
    took: (stage, ms) => stages.observe({ stage }, ms / 1_000),
    taken: (lane) => taken.inc({ lane }),
    stateSize: (bytes) => stateBytes.observe(bytes),
    followed: (place, count) => void counts.set(nameOf(place), () => followed.set(labelsOf(place), count())),
    retried: (lane, code) => retries.inc({ lane, code }),
    givenUp: (lane, code) => givenUp.inc({ lane, code }),
    flooded: (place, isFlooded) => flooded.set(labelsOf(place), isFlooded ? 1 : 0),
    putOff: (place, records) => putOff.set(labelsOf(place), records),
    released(place) {
      counts.delete(nameOf(place));
      for (const gauge of [followed, putOff, flooded]) gauge.remove(labelsOf(place));
    },
    found(model, classNames) {
      for (const class_name of classNames) found.inc({ model, class_name });
    },
  };
}
