// Asks the search service and shows what it found.

import { language, text } from "./texts.js";

const PAGE = 12;

/** The answer of /api/v1/search; throws an Error whose message is a key of texts.js. */
export async function ask(wish) {
  return read("/api/v1/search", { limit: PAGE, ...wish });
}

/** Names that begin with, hold or sound like what was typed; none if search does not answer. */
export async function suggest(part) {
  return read("/api/v1/suggestions", { q: part }).then((answer) => answer.items.map((item) => item.text), () => []);
}

/** The answer of a public address to a query; throws an Error whose message is a key of texts.js. */
export async function read(path, wish) {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(wish)) if (value !== "" && value != null) query.set(name, value);
  let answer;
  try {
    answer = await fetch(`${path}?${query}`, { headers: { "Accept-Language": language() } });
  } catch {
    throw new Error("failed");
  }
  if (!answer.ok) throw new Error(answer.status === 429 ? "tooMany" : "failed");
  return answer.json();
}

/** A list item for one hit. */
export function hitCard(hit) {
  const card = make("li", "hit");
  card.append(make("span", "tag", text(hit.type)), title(hit));
  if (hit.starts_at) card.append(make("p", "facts", when(hit)));
  for (const words of [where(hit), who(hit)]) if (words) card.append(given("p", "facts", [words]));
  if (hit.highlights.summary) card.append(given("p", "facts", marked(hit.highlights.summary)));
  if (hit.type === "slot") card.append(seats(hit));
  return card;
}

function title(hit) {
  return given("h3", "", hit.highlights.title ? marked(hit.highlights.title) : [hit.title]);
}

/** The nodes of a highlight: its text, and a <mark> for each <em>; no other element passes. */
export function marked(html) {
  const parsed = new DOMParser().parseFromString(html, "text/html").body;
  return [...parsed.childNodes].map((node) => (node.nodeName === "EM" ? make("mark", "", node.textContent) : node.textContent));
}

function when(hit) {
  const form = new Intl.DateTimeFormat(language() === "zh" ? "zh-CN" : "en-GB", {
    timeZone: "Asia/Shanghai", month: "long", day: "numeric", weekday: "short", hour: "2-digit", minute: "2-digit",
  });
  return form.format(new Date(hit.starts_at));
}

function where(hit) {
  const place = hit.type === "venue" ? hit.designation : hit.venue_name ?? hit.organisation_name;
  return [place, hit.district_name].filter(Boolean).join(" · ");
}

function who(hit) {
  return hit.type === "expert" ? [hit.position, hit.employer].filter(Boolean).join(" · ") : "";
}

function seats(hit) {
  const full = hit.free === 0;
  return make("p", full ? "seats full" : "seats", text(full ? "full" : "seats", { n: hit.free }));
}

// What owners wrote is Chinese, whatever language the page itself speaks.
function given(tag, style, nodes) {
  const node = make(tag, style);
  node.lang = "zh-CN";
  node.append(...nodes);
  return node;
}

/** An element with a class and a text. */
export function make(tag, style = "", content = "") {
  const node = document.createElement(tag);
  if (style) node.className = style;
  if (content) node.textContent = content;
  return node;
}
