"""The learning curve: rows of curve.csv, and curve.svg drawn from them."""

import csv
from pathlib import Path

COLUMNS = ("step", "minutes", "score_loss", "box_loss", "teacher_score_loss", "teacher_box_loss", "ap50", "best")
WIDTH, HEIGHT, MARGIN = 640, 320, 44


def append_row(folder: Path, row: dict[str, float]) -> None:
    path = folder / "curve.csv"
    new = not path.exists()
    with path.open("a", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS)
        if new:
            writer.writeheader()
        writer.writerow({name: f"{row[name]:.5g}" if isinstance(row[name], float) else row[name] for name in COLUMNS})
    (folder / "curve.svg").write_text(draw(read_rows(path)))


def read_rows(path: Path) -> list[dict[str, float]]:
    with path.open(newline="") as file:
        return [{name: float(value) for name, value in row.items()} for row in csv.DictReader(file)]


def draw(rows: list[dict[str, float]]) -> str:
    """Held-out AP50 over steps; a dot per measurement."""
    steps_max = max(row["step"] for row in rows) or 1
    low = min(0.1 * int(row["ap50"] * 10) for row in rows)
    high = max(0.1 * int(row["ap50"] * 10 + 1) for row in rows)

    def x(step: float) -> float:
        return MARGIN + step / steps_max * (WIDTH - 2 * MARGIN)

    def y(ap50: float) -> float:
        return HEIGHT - MARGIN - (ap50 - low) / (high - low) * (HEIGHT - 2 * MARGIN)

    points = [(x(row["step"]), y(row["ap50"])) for row in rows]
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif"',
        ' font-size="12">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
        f'<text x="{MARGIN}" y="24">Held-out AP50: {rows[-1]["ap50"]:.3f}, best {rows[-1]["best"]:.3f}</text>',
    ]
    ticks = round((high - low) * 20)
    for tick in range(ticks + 1):
        value = low + tick / 20
        parts.append(f'<path d="M{MARGIN} {y(value):.1f}H{WIDTH - MARGIN}" stroke="#ddd"/>')
        parts.append(f'<text x="{MARGIN - 6}" y="{y(value) + 4:.1f}" text-anchor="end">{value:.2f}</text>')
    for part in range(5):
        step = steps_max * part / 4
        parts.append(f'<text x="{x(step):.1f}" y="{HEIGHT - MARGIN + 18}" text-anchor="middle">{step:.0f}</text>')
    line = " ".join(f"{px:.1f},{py:.1f}" for px, py in points)
    parts.append(f'<polyline points="{line}" fill="none" stroke="#2563eb" stroke-width="2"/>')
    parts += [f'<circle cx="{px:.1f}" cy="{py:.1f}" r="2.5" fill="#2563eb"/>' for px, py in points]
    parts.append(f'<text x="{WIDTH / 2}" y="{HEIGHT - 8}" text-anchor="middle">steps</text>')
    return "\n".join([*parts, "</svg>", ""])
