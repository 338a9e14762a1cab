// Asks the search service and shows what it found.

import { language, text } from "./texts.js";

const PAGE = 12;

/** The answer of /api/v1/search; throws an Error whose message is a key of texts.js. */
export async function ask(wish) {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries({ limit: PAGE, ...wish })) if (value) query.set(name, value);
  const answer = await fetch(`/api/v1/search?${query}`, { headers: { "Accept-Language": language() } });
  if (answer.status === 429) throw new Error("tooMany");
  if (!answer.ok) throw new Error("failed");
  return answer.json();
}

/** A list item for one hit. */
export function hitCard(hit) {
  const card = make("li", "hit");
  card.append(make("span", "tag", text(kindKey(hit.kind))), title(hit));
  for (const line of [when(hit), where(hit), hit.summary]) if (line) card.append(make("p", "facts", line));
  if (hit.free != null) card.append(seats(hit));
  return card;
}

function kindKey(kind) {
  return { programme: "kindProgramme", slot: "kindSlot", venue: "kindVenue", expert: "kindExpert" }[kind] ?? "kindAll";
}

function title(hit) {
  const heading = make("h3");
  heading.append(...marked(hit.highlight ?? hit.title ?? hit.name ?? ""));
  return heading;
}

/** Text with the service's <em> marks as <mark> elements; anything else in it stays text. */
export function marked(source) {
  return source.split(/(<em>.*?<\/em>)/su).map((part) => {
    const inner = /^<em>(.*)<\/em>$/su.exec(part);
    return inner ? make("mark", "", inner[1]) : document.createTextNode(part);
  });
}

function when(hit) {
  if (!hit.starts_at) return "";
  const form = new Intl.DateTimeFormat(language() === "zh" ? "zh-CN" : "en-GB", {
    timeZone: "Asia/Shanghai", month: "long", day: "numeric", weekday: "short", hour: "2-digit", minute: "2-digit",
  });
  return form.format(new Date(hit.starts_at));
}

function where(hit) {
  return [hit.venue_name, hit.district_name].filter(Boolean).join(" · ");
}

function seats(hit) {
  const full = hit.free === 0;
  return make("p", full ? "seats full" : "seats", text(full ? "full" : "seats", { n: hit.free }));
}

function make(tag, style = "", content = "") {
  const node = document.createElement(tag);
  if (style) node.className = style;
  if (content) node.textContent = content;
  return node;
}
