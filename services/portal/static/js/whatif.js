// What if, for who oversees an area: ask about a round, watch it being worked out, read both sides.

import { all, call, fetched, onEnter, onRound, sayIn } from "./desk.js";
import { number } from "./numbers.js";
import { make } from "./search.js";
import { PHASES } from "./solving.js";
import { language, text } from "./texts.js";

const at = (id) => document.getElementById(id);
const POLL_MS = 2000;
const ENDS = ["done", "cancelled", "failed"];
// By kind of change: its name, and the fields that it shows.
const KINDS = {
  demand: ["kindDemand", ["factor", "area"]], closed: ["kindClosed", ["venue", "first", "last"]],
  more_experts: ["kindExperts", ["number", "topic", "district", "day"]], more_sessions: ["kindSessions", ["number", "programme", "day"]],
  more_unit_days: ["kindUnitDays", ["number", "unit", "day"]], fairness: ["kindFairness", ["percent"]],
};
// By field: the member of a change, and what it is read as.
const MEMBERS = {
  factor: ["factor", Number], area: ["adcode", String], venue: ["venue_id", String], first: ["first_day", String], last: ["last_day", String],
  number: ["number", Number], topic: ["topic", String], district: ["adcode", String], day: ["day", String], programme: ["programme_id", String],
  unit: ["unit_id", String], percent: ["percent", Number],
};
const STATES = { queued: "askQueued", running: "askRunning", cancelled: "askCancelled", failed: "askFailed", done: "askDone" };
const SIDES = { base: "sideBase", changed: "sideChanged" };
const STAGES = { K: "stageK", P: "stageP", J: "stageJ", S: "stageS", V: "stageV", X: "stageX", U: "stageU" };
const ROWS = [["requests", "rowRequests"], ["served", "rowServed"], ["people", "rowPeople"], ["pupils", "rowPupils"], ["value", "rowValue"]];
let collected = [];
let questions = [];
let round = "";
let timer = 0;

const percent = (value, digits = 1) => `${(100 * value).toLocaleString(language(), { maximumFractionDigits: digits })} %`;

const say = (message, bad) => sayIn("ask-state", message, bad);

async function fill() {
  const region = await (await fetch("/region.json")).json();
  const [topics, venues, programmes, units] = await Promise.all([call("GET", "/topics"), all("/venues"), all("/programmes"), all("/units")]);
  const places = region.cells.map((each) => new Option(each[language()], each.adcode));
  at("area").replaceChildren(new Option(text("askEverywhere"), ""), ...places);
  at("district").replaceChildren(...places.map((each) => each.cloneNode(true)));
  at("topic").replaceChildren(...topics.items.map((each) => new Option(each[language()], each.code)));
  at("venue").replaceChildren(...venues.map((each) => new Option(each.name, each.id)));
  at("programme").replaceChildren(...programmes.map((each) => new Option(each.title, each.id)));
  at("unit").replaceChildren(...units.map((each) => new Option(each.name, each.id)));
}

// -- asking

function showFields() {
  const [, fields] = KINDS[at("kind").value];
  for (const name of Object.keys(MEMBERS)) at(name).closest("label").hidden = !fields.includes(name);
}

function change() {
  const kind = at("kind").value;
  const found = { kind };
  for (const name of KINDS[kind][1]) {
    const [member, kindOf] = MEMBERS[name];
    if (at(name).value !== "") found[member] = kindOf(at(name).value);
  }
  return found;
}

function showCollected() {
  at("collected").textContent = collected.length ? text("askCollected", { n: collected.length }) : "";
}

function collect() {
  collected.push(change());
  showCollected();
}

async function ask(event) {
  event.preventDefault();
  say(text("askSending"));
  try {
    await call("POST", `/rounds/${round}/what-ifs`, { changes: [...collected, change()] });
    collected = [];
    showCollected();
    await list();
  } catch (error) {
    say(error.message, true);
  }
}

function about(chosen) {
  round = chosen;
  at("what-if").hidden = !round;
  showCollected();
  list();
}

async function list() {
  clearTimeout(timer);
  const its = round;
  try {
    const found = its ? (await call("GET", `/rounds/${its}/what-ifs?limit=20`)).items : [];
    if (its !== round) return;
    questions = found;
    show();
    if (questions.some((each) => !ENDS.includes(each.state))) timer = setTimeout(list, POLL_MS);
  } catch (error) {
    say(error.message, true);
  }
}

async function giveUp(question) {
  await call("POST", `/rounds/${question.round_id}/what-ifs/${question.id}/cancel`).catch((error) => say(error.message, true));
  await list();
}

// -- showing

function show() {
  at("questions").replaceChildren(...questions.map(card));
  say(questions.length || !round ? "" : text("askNone"));
}

function card(question) {
  const item = make("li", "result");
  item.append(make("h3", "", question.changes.map((each) => each.text).join(" · ")), make("p", "facts", standing(question)));
  for (const each of question.at_once) item.append(make("p", "facts", each.text));
  if (!ENDS.includes(question.state)) item.append(button("askGiveUp", () => giveUp(question)));
  if (question.failure_text) item.append(make("p", "hand", question.failure_text));
  if (question.result) item.append(...answer(question.result), button("askExport", () => download(question)));
  return item;
}

function standing(question) {
  const { side, phase, gap } = question.progress;
  const parts = [text(STATES[question.state])];
  if (question.state === "running") {
    if (SIDES[side]) parts.push(text(SIDES[side]));
    if (PHASES[phase]) parts.push(text(PHASES[phase]));
    if (gap !== null) parts.push(text("askGap", { gap: percent(gap, 2) }));
  }
  return parts.join(" · ");
}

function button(words, act) {
  const found = make("button", "quiet", text(words));
  found.type = "button";
  found.addEventListener("click", act);
  return found;
}

async function download(question) {
  try {
    const answer = await fetched("GET", `/rounds/${question.round_id}/what-ifs/${question.id}/export?format=xlsx`);
    const link = make("a");
    link.href = URL.createObjectURL(await answer.blob());
    link.download = answer.headers.get("Content-Disposition").match(/filename="?([^";]+)/)[1];
    link.click();
    URL.revokeObjectURL(link.href);
  } catch (error) {
    say(error.message, true);
  }
}

function answer(result) {
  const parts = result.additions.map((each) => make("p", "hand", each.text));
  parts.push(table(result), ...result.moved.map(movement));
  if (!result.moved.length) parts.push(make("p", "facts", text("askNobodyMoves")));
  if (result.set_by_hand) parts.push(make("p", "facts", text("askByHand", { n: result.set_by_hand })));
  return parts;
}

function movement(each) {
  return make("p", "facts", text("askMoved", { place: each.name, stage: text(STAGES[each.stage]), gain: each.gain, lose: each.lose }));
}

function table({ base, changed, districts }) {
  const body = make("tbody");
  for (const [name, words] of ROWS) body.append(row(text(words), number(base[name]), number(changed[name]), signed(changed[name] - base[name])));
  body.append(row(text("rowGap"), percent(base.gap, 2), percent(changed.gap, 2), ""));
  for (const each of districts) body.append(row(each.name, shares(each.base), shares(each.changed), signed(each.changed.served - each.base.served)));
  const head = make("thead");
  head.append(row("", text("sideBase"), text("sideChanged"), text("rowDifference"), "th"));
  const whole = make("table");
  whole.append(head, body);
  const frame = make("div", "sides");
  frame.tabIndex = 0;
  frame.append(whole);
  return frame;
}

function row(name, one, other, difference, tag = "td") {
  const line = make("tr");
  const first = make("th", "", name);
  first.scope = "row";
  line.append(first, ...[one, other, difference].map((each) => make(tag, "", each)));
  return line;
}

const shares = (share) => `${number(share.served)} / ${number(share.requests)}${share.share === null ? "" : ` (${percent(share.share)})`}`;
const signed = (value) => (value > 0 ? "+" : "") + number(value);

onEnter(fill);
onRound(about);
at("kind").addEventListener("change", showFields);
at("collect").addEventListener("click", collect);
at("question").addEventListener("submit", ask);
showFields();
