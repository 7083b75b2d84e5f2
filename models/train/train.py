r"""Trains the person detector: from random weights or an earlier model, with labels and, if given, a teacher.

models/train/run train --data ../shared/data/train-person.tar --teacher ../shared/data/models/rtmdet_nano.onnx \
    --from models/person-384-float.onnx --out run1 --steps 40000 --lr 1e-3 --distil 1.5

Leaves in --out: checkpoint.pt (goes on from there when started again), best.pt (the moving average that scored best on
the held-out pictures), curve.csv and curve.svg. The same command, given again, goes on after a stop of any kind, with
the pictures that would have come next; --minutes 10 makes pieces of ten minutes. How many workers and threads there are
changes no picture.
"""

import argparse
import math
import signal
import time
from itertools import islice
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

import checkpoint
from checkpoint import Progress, State
from curve import append_row
from figures import Figures
from letterbox import Size, parse_size
from network import Deployed, Network, grid_of
from pack import Picture, read_pack
from score import held_out_ap50
from stream import Batch, Batches, stream
from targets import Truth, losses_of
from warm_start import warm_start

REPORT_EVERY_S = 20
GRADIENT_MAX = 20
# What the schedule and the pictures follow from: a training goes on only with the same.
SETTINGS = ("steps", "batch", "lr", "weight_decay", "seed", "size", "distil", "rendered")


def main(arguments: list[str] | None = None) -> None:
    options = parse(arguments)
    settings = {name: str(getattr(options, name)) for name in SETTINGS} | {"teacher": bool(options.teacher)}
    device = torch.device(options.device or ("cuda" if torch.cuda.is_available() else "cpu"))
    torch.manual_seed(options.seed)
    torch.set_num_threads(options.threads)
    pictures, held_out = read_pack(options.data, "train"), read_pack(options.data, "val")
    print(f"{len(pictures)} pictures to train on, {len(held_out)} held out; on {device}", flush=True)
    batches = Batches(
        pictures,
        Figures(options.rendered, options.seed, pictures),
        options.size,
        options.batch,
        options.steps,
        options.seed,
        options.teacher,
    )
    out = Path(options.out)
    out.mkdir(parents=True, exist_ok=True)
    state = begin(options, settings, batches, out, device)
    Training(options, settings, batches, held_out, state, device, out).run()


def parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True, help="the training pack")
    parser.add_argument("--out", required=True, help="folder of this training")
    parser.add_argument("--from", dest="start", help="ONNX of the same network to start from")
    parser.add_argument("--teacher", help="RTMDet as ONNX")
    parser.add_argument("--distil", type=float, default=1.0, help="weight of the teacher against the labels")
    parser.add_argument("--size", type=parse_size, default=Size(320, 256))
    parser.add_argument("--steps", type=int, default=13500)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--lr", type=float, default=1.5e-3)
    parser.add_argument("--weight-decay", type=float, default=0.03)
    parser.add_argument("--seed", type=int, default=3)
    parser.add_argument("--rendered", type=int, default=600, help="how many rendered pictures there are to draw from")
    parser.add_argument("--minutes", type=float, default=math.inf, help="stop this piece then; the next goes on")
    parser.add_argument("--eval-every", type=float, default=10, help="minutes")
    parser.add_argument("--checkpoint-every", type=float, default=3, help="minutes")
    parser.add_argument("--workers", type=int, default=1, help="processes that make pictures")
    parser.add_argument("--threads", type=int, default=2, help="of torch on a CPU")
    parser.add_argument("--bf16", action="store_true", help="as on a GPU; quicker on a CPU with AMX, slower on others")
    parser.add_argument("--device", type=lambda name: None if name == "auto" else name, help="auto, cpu or cuda")
    return parser.parse_args(arguments)


def begin(options: argparse.Namespace, settings: dict, batches: Batches, out: Path, device: torch.device) -> State:
    network = Network()
    resumed = (out / "checkpoint.pt").exists()
    if options.start and not resumed:
        without_teacher = Batches(
            batches.pictures, batches.figures, batches.size, batches.batch, batches.steps, batches.seed
        )
        seen = (pixels(batch.images, torch.device("cpu")) for batch in islice(stream(without_teacher, 0, 0), 8))
        print(f"starts from {options.start}; differs from it by {warm_start(network, options.start, seen):.1e}")
    network.to(device, memory_format=torch.channels_last)
    optimiser = checkpoint.optimiser_of(network, options.lr, options.weight_decay)
    state = State(network, checkpoint.copy_for_average(network), optimiser, Progress())
    if resumed:
        checkpoint.resume(out / "checkpoint.pt", state, settings)
        print(f"goes on at step {state.progress.step}", flush=True)
    return state


class Training:
    def __init__(
        self,
        options: argparse.Namespace,
        settings: dict,
        batches: Batches,
        held_out: list[Picture],
        state: State,
        device: torch.device,
        out: Path,
    ) -> None:
        self.options, self.settings, self.batches, self.held_out = options, settings, batches, held_out
        self.state, self.device, self.out = state, device, out
        self.grid = grid_of(options.size, device)
        self.bf16 = options.bf16 or device.type == "cuda"
        self.stopped = False
        self.since_report: list[Tensor] = []
        self.since_evaluation: list[Tensor] = []

    def run(self) -> None:
        progress = self.state.progress
        steps = self.options.steps
        signal.signal(signal.SIGINT, self.stop)
        signal.signal(signal.SIGTERM, self.stop)
        before_s, began = progress.seconds, time.monotonic()
        reported = saved = began
        first = progress.step
        for batch in stream(self.batches, progress.step, self.options.workers):
            self.learn(batch)
            progress.step += 1
            now = time.monotonic()
            progress.seconds = before_s + now - began
            if now - reported >= REPORT_EVERY_S or progress.step == steps:
                self.report((progress.step - first) / (now - began))
                reported = now
            out_of_time = now - began >= self.options.minutes * 60
            if progress.step == steps or progress.seconds - progress.evaluated_at_s >= self.options.eval_every * 60:
                self.evaluate()
                saved = 0.0
            if now - saved >= self.options.checkpoint_every * 60:
                self.save()
                saved = now
            if self.stopped or out_of_time:
                break
        self.save()
        print(f"{'done' if progress.step == steps else 'stopped'} at step {progress.step} of {steps}", flush=True)

    def stop(self, *_: object) -> None:
        self.stopped = True

    def learn(self, batch: Batch) -> None:
        state, step = self.state, self.state.progress.step
        for group in state.optimiser.param_groups:
            group["lr"] = self.options.lr * rate(step, self.options.steps)
        state.network.train()
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.bf16):
            raw = state.network(pixels(batch.images, self.device))
        losses = losses_of(raw, self.grid, truth_of(batch, self.device))
        state.optimiser.zero_grad(set_to_none=True)
        losses.total(self.options.distil).backward()
        torch.nn.utils.clip_grad_norm_(state.network.parameters(), GRADIENT_MAX, foreach=True)
        state.optimiser.step()
        checkpoint.follow(state.ema, state.network, step)
        self.since_report.append(losses.values())
        self.since_evaluation.append(losses.values())

    def report(self, steps_per_s: float) -> None:
        score, box, teacher_score, teacher_box = torch.stack(self.since_report).mean(0).tolist()
        self.since_report.clear()
        step, steps = self.state.progress.step, self.options.steps
        left_min = (steps - step) / steps_per_s / 60
        print(
            f"step {step} of {steps}  {steps_per_s * self.options.batch:.1f} images/s  score {score:.3f}  box {box:.3f}"
            f"  teacher {teacher_score:.3f} {teacher_box:.3f}  {left_min // 60:.0f} h {left_min % 60:02.0f} min left",
            flush=True,
        )

    def evaluate(self) -> None:
        progress = self.state.progress
        deployed = Deployed(self.state.ema, self.options.size).to(self.device).eval()

        def detect(images: np.ndarray) -> np.ndarray:
            with torch.inference_mode():
                return deployed(torch.from_numpy(images).to(self.device)).cpu().numpy()

        ap50 = held_out_ap50(detect, self.held_out, self.options.size)
        progress.evaluated_at_s = progress.seconds
        if ap50 >= progress.best:
            progress.best = ap50
            checkpoint.save_best(self.out / "best.pt", self.state, self.settings)
        losses = torch.stack(self.since_evaluation).mean(0).tolist()
        self.since_evaluation.clear()
        names = ("score_loss", "box_loss", "teacher_score_loss", "teacher_box_loss")
        row = {"step": progress.step, "minutes": progress.seconds / 60, "ap50": ap50, "best": progress.best}
        append_row(self.out, row | dict(zip(names, losses, strict=True)))
        print(f"held-out AP50 {ap50:.4f}, best {progress.best:.4f}", flush=True)

    def save(self) -> None:
        checkpoint.save(self.out / "checkpoint.pt", self.state, self.settings)


def rate(step: int, steps: int) -> float:
    """Of the highest learning rate: a short rise, then a cosine down to a fiftieth."""
    rise = min(1.0, (step + 1) / min(400, max(1, steps // 20)))
    return rise * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * step / steps)))


def pixels(images: np.ndarray, device: torch.device) -> Tensor:
    """NHWC in memory is what channels_last wants, so nothing is copied."""
    return torch.from_numpy(images).to(device).permute(0, 3, 1, 2).float() * (1 / 255)


def truth_of(batch: Batch, device: torch.device) -> Truth:
    def tensor(array: np.ndarray | None) -> Tensor | None:
        return None if array is None else torch.from_numpy(array).to(device)

    people, unsure = ([tensor(boxes) for boxes in each] for each in (batch.people, batch.unsure))
    return Truth(people, unsure, tensor(batch.teacher_scores), tensor(batch.teacher_boxes))


if __name__ == "__main__":
    main()
