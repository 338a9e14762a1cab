// The tiles of the region: one hexagon a district, deeper where more is on offer.

import { language, text } from "./texts.js";

const NAMES = "http://www.w3.org/2000/svg";
const CORNERS = [[0.485, 0.28], [0, 0.56], [-0.485, 0.28], [-0.485, -0.28], [0, -0.56], [0.485, -0.28]];

/** An SVG of the region; `numbers` maps adcodes to counts, `choose` is called with the adcode that is picked. */
export function draw(region, numbers, chosen, choose) {
  const most = Math.max(1, ...region.cells.map((cell) => numbers[cell.adcode] ?? 0));
  const svg = element("svg", { viewBox: box(region.cells), role: "group", "aria-labelledby": "area-title" });
  // The chosen tile comes last, so that no neighbour lies on its frame.
  const cells = [...region.cells].sort((one, other) => (one.adcode === chosen) - (other.adcode === chosen));
  for (const cell of cells) svg.append(tile(cell, numbers[cell.adcode] ?? 0, most, chosen, choose));
  return svg;
}

function box(cells) {
  const xs = cells.map((cell) => cell.x);
  const ys = cells.map((cell) => cell.y);
  const [left, top] = [Math.min(...xs) - 0.6, Math.min(...ys) - 0.65];
  return `${left} ${top} ${Math.max(...xs) + 0.6 - left} ${Math.max(...ys) + 0.65 - top}`;
}

function tile(cell, number, most, chosen, choose) {
  const name = cell[language()];
  const share = number / most;
  const group = element("g", {
    class: share > 0.55 ? "cell deep" : "cell", role: "button", tabindex: "0",
    "aria-pressed": String(cell.adcode === chosen), "aria-label": text("cell", { name, n: number }),
    transform: `translate(${cell.x} ${cell.y})`,
  });
  const hexagon = element("polygon", { points: CORNERS.map((corner) => corner.join(",")).join(" "), "fill-opacity": (0.12 + 0.88 * share).toFixed(2) });
  group.append(hexagon, label(name, -0.06, ""), label(String(number), 0.22, "number"));
  group.addEventListener("click", () => choose(cell.adcode));
  group.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    choose(cell.adcode);
  });
  return group;
}

function label(content, y, style) {
  const node = element("text", { x: 0, y, class: style, "aria-hidden": "true" });
  node.textContent = content;
  return node;
}

function element(tag, attributes) {
  const node = document.createElementNS(NAMES, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  return node;
}
