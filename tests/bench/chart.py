"""The chart: for each task, how many times as long as mailsend the others take.

A row for each scenario that is `shown`: marks on a line whose scale is
logarithmic, mailsend at 1, and the names above their marks, one above the
other where they would touch.  Position says all; the one color is for
mailsend.  The background is part of it, so that it can be read on any page.
"""

import math
from html import escape

from peers import PEERS
from report import median
from scenarios import SCENARIOS

WIDTH, LEFT, RIGHT, TOP = 1200, 40, 40, 190
FONT = "Helvetica, Arial, 'Liberation Sans', sans-serif"
BLUE, DARK, GRAY = "#0b5fa5", "#1b1f24", "#57606a"
PALE, GRID = "#e9edf2", "#d0d7de"
NAME, LANE = 24, 36             # height of a name's letters, of its lane
TICKS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500)


# Around letters, so that the grid does not go through them.
RIM = ' stroke="#ffffff" stroke-width="10" paint-order="stroke"'


def text(x, y, words, size, color=DARK, weight=400, anchor="start", rim=""):
    return (f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" fill="{color}" '
            f'font-weight="{weight}" text-anchor="{anchor}"{rim}>'
            f"{escape(words)}</text>")


def width(words, is_bold):
    return len(words) * NAME * (0.62 if is_bold else 0.56) + 20


def quantity(seconds):
    if seconds < 0.0995:
        return f"{seconds * 1000:.1f} ms"
    return f"{seconds:.2f} s"


class Scale:
    def __init__(self, low, high):
        self.low, self.high = math.log(low), math.log(high)

    def x(self, number):
        share = (math.log(number) - self.low) / (self.high - self.low)
        return LEFT + share * (WIDTH - LEFT - RIGHT)

    def ticks(self):
        return [tick for tick in TICKS
                if self.low <= math.log(tick) <= self.high]


def rows(results):
    """Of each shown scenario: it, mailsend's figure, the others' factors."""
    for scenario in SCENARIOS:
        if not scenario.shown:
            continue
        own = median(results, scenario.name, "mailsend", scenario.shown)
        if not own:
            continue
        factors = []
        for peer in PEERS:
            found = median(results, scenario.name, peer.name, scenario.shown)
            if found and peer.short:
                factors.append((found / own, peer.short))
        yield scenario, own, sorted(factors)


def place(scale, factors):
    """Each name with its x and the lane where it touches no other."""
    ends, placed = [], []
    # Our own has the lowest lane.
    order = sorted(factors, key=lambda one: (one[1] != "mailsend", one[0]))
    for factor, name in order:
        wide = width(name, name == "mailsend")
        x = min(max(scale.x(factor), LEFT + wide / 2),
                WIDTH - RIGHT - wide / 2)
        lane = 0
        while lane < len(ends) and any(
                abs(x - other) < (wide + space) / 2 + 8
                for other, space in ends[lane]):
            lane += 1
        if lane == len(ends):
            ends.append([])
        ends[lane].append((x, wide))
        placed.append((factor, name, x, lane))
    return placed[::-1], len(ends)


def draw_row(scale, top, scenario, own, factors):
    """The row's shapes, and where the next one begins."""
    placed, lanes = place(scale, factors)
    line = top + 52 + lanes * LANE
    kind = "CPU" if scenario.shown == "cpu" else "time"
    made = [text(LEFT, top + 34, scenario.label, 30, DARK, 700, rim=RIM),
            text(WIDTH - RIGHT, top + 34, f"{kind}, mailsend {quantity(own)}",
                 26, BLUE, 700, "end", RIM),
            f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{line}" y2="{line}" '
            f'stroke="{GRAY}" stroke-width="2"/>']
    for factor, name, x, lane in placed:
        made.append(f'<line x1="{scale.x(factor):.1f}" x2="{x:.1f}" '
                    f'y1="{line}" y2="{line - 22 - lane * LANE}" '
                    f'stroke="{GRAY}" stroke-width="2"/>')
    for factor, name, x, lane in placed:
        is_own = name == "mailsend"
        wide, y = width(name, is_own), line - 14 - lane * LANE
        made.append(
            f'<rect x="{x - wide / 2:.1f}" y="{y - 27:.1f}" width="{wide:.1f}" '
            f'height="32" rx="8" fill="{BLUE if is_own else PALE}" '
            f'stroke="{BLUE if is_own else GRID}"/>')
        made.append(text(x, y - 3, name, NAME, "#ffffff" if is_own else DARK,
                         700 if is_own else 400, "middle"))
        made.append(f'<circle cx="{scale.x(factor):.1f}" cy="{line}" '
                    f'r="{11 if is_own else 7}" '
                    f'fill="{BLUE if is_own else DARK}"/>')
    return made, line + 26


def grid(scale, bottom):
    made = []
    for tick in scale.ticks():
        x = scale.x(tick)
        color, thick = (BLUE, 4) if tick == 1 else (GRID, 1.5)
        made.append(f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{TOP}" '
                    f'y2="{bottom}" stroke="{color}" stroke-width="{thick}"/>')
        for y in TOP - 14, bottom + 34:
            made.append(text(x, y, f"{tick:g}×", 26, BLUE if tick == 1 else
                             DARK, 700 if tick == 1 else 400, "middle"))
    return made


def draw(results):
    found = list(rows(results))
    factors = [factor for _, _, row in found for factor, _ in row] or [1]
    scale = Scale(min(0.5, min(factors) / 1.3), max(10, max(factors) * 1.3))
    shapes, top = [], TOP + 6
    for row in found:
        made, top = draw_row(scale, top, *row)
        shapes += made
    height = top + 110
    where = results["machine"]
    head = [
        text(LEFT, 62, "What sending mail costs", 46, DARK, 700),
        text(LEFT, 112, "times what mailsend takes; farther to the right is "
             "slower, on a log scale", 28, GRAY)]
    foot = text(LEFT, height - 22, f"make bench, {where.get('date', '')}, "
                f"{where.get('system', '')}: medians of one run, "
                "tests/bench/results.md has all of them", 20, GRAY)
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} '
        f'{height:.0f}" font-family="{FONT}" role="img" '
        'aria-label="Time and CPU of programs that send mail, '
        'as factors to those of mailsend">',
        f'<rect width="{WIDTH}" height="{height:.0f}" rx="16" '
        'fill="#ffffff"/>',
        *head, *grid(scale, top + 6), *shapes, foot, "</svg>"]) + "\n"
