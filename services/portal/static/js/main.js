// The public page: search, live counts and the region's tiles. What is shown follows the address: it can be shared.

import { draw } from "./map.js";
import { ask, hitCard, suggest } from "./search.js";
import { text, translate, useLanguage, language } from "./texts.js";

const TYPES = ["programmes", "slots", "venues", "experts"];
const TYPING_MS = 250;
const at = (id) => document.getElementById(id);
let wish = {};
let cursor = null;
let asked = 0;
let typing = 0;
let region = null;
let numbers = {};

function readAddress() {
  const query = new URLSearchParams(location.search);
  useLanguage(query.get("lang") ?? "zh");
  const type = query.get("type");
  wish = { q: query.get("q") ?? "", type: TYPES.includes(type) ? type : "", district: query.get("district") ?? "" };
}

function writeAddress(replace = false) {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(wish)) if (value) query.set(name, value);
  if (language() !== "zh") query.set("lang", language());
  const address = query.size ? `/?${query}` : "/";
  history[replace ? "replaceState" : "pushState"](null, "", address);
}

function showForm() {
  at("q").value = wish.q;
  for (const radio of document.querySelectorAll("input[name=type]")) radio.checked = radio.value === (wish.type || TYPES[0]);
}

function say(id, message, bad = false) {
  at(id).textContent = message;
  at(id).classList.toggle("bad", bad);
}

// What is on offer at all, except sessions: these are for those who want to go.
function question(after) {
  const type = wish.type || TYPES[0];
  return { ...wish, type, bookable: type === "slots", cursor: after };
}

async function find({ more = false } = {}) {
  const turn = ++asked;
  at("found").hidden = false;
  if (!more) at("hits").replaceChildren();
  at("more").hidden = true;
  say("found-state", text("searching"));
  try {
    const answer = await ask(question(more ? cursor : null));
    if (turn === asked) show(answer, more);
  } catch (error) {
    if (turn === asked) say("found-state", text(error.message === "tooMany" ? "tooMany" : "failed"), true);
  }
}

function show(answer, more) {
  at("hits").append(...answer.items.map(hitCard));
  cursor = answer.next;
  at("more").hidden = !cursor;
  const nothing = !more && answer.items.length === 0;
  say("found-state", nothing ? text(wish.q ? "none" : "noneHere", { q: wish.q }) : text("found", { n: answer.total }));
  showPlace();
}

function showPlace() {
  const list = at("facets");
  list.hidden = !wish.district;
  const cell = region?.cells.find((each) => each.adcode === wish.district);
  list.replaceChildren(...(wish.district ? [placeButton(cell?.[language()] ?? wish.district)] : []));
}

function placeButton(name) {
  const item = document.createElement("li");
  const button = document.createElement("button");
  button.type = "button";
  button.className = "quiet";
  button.textContent = `${name} ✕`;
  button.setAttribute("aria-label", `${name} – ${text("clear")}`);
  button.addEventListener("click", () => choosePlace(""));
  item.append(button);
  return item;
}

async function showSuggestions() {
  const part = at("q").value.trim();
  const names = part ? await suggest(part) : [];
  if (at("q").value.trim() === part) at("suggestions").replaceChildren(...names.map((name) => new Option(name, name)));
}

function choosePlace(adcode) {
  wish.district = wish.district === adcode ? "" : adcode;
  changed();
  showMap();
  if (!at("found").hidden) at("found-title").focus();
}

function changed() {
  writeAddress();
  if (wish.q || wish.type || wish.district) find();
  else at("found").hidden = true;
}

async function count() {
  const totals = await Promise.all(TYPES.map(countOne));
  totals.forEach((total, n) => {
    document.querySelector(`[data-count=${TYPES[n]}]`).textContent = total === null ? "–" : total.toLocaleString(language());
  });
  const failed = totals.some((total) => total === null);
  const empty = totals.every((total) => total === 0);
  say("counts-state", failed ? text("countsFailed") : empty ? text("countsEmpty") : "", failed);
}

function countOne(type) {
  return ask({ type, bookable: type === "slots", limit: 1 }).then(({ total, items }) => {
    if (items[0]?.demonstration) at("demonstration").hidden = false;
    return total;
  }, () => null);
}

async function loadRegion() {
  try {
    region ??= await (await fetch("/region.json")).json();
    const answers = await Promise.all(["programmes", "venues"].map((type) => ask({ type, bookable: false, facets: true, limit: 1 })));
    numbers = {};
    for (const { facets } of answers) for (const { value, count: n } of facets.district ?? []) numbers[value] = (numbers[value] ?? 0) + n;
    at("area").hidden = Object.keys(numbers).length === 0;
    showMap();
  } catch {
    at("area").hidden = true;
  }
}

function showMap() {
  if (region) at("map").replaceChildren(draw(region, numbers, wish.district, choosePlace));
}

function start() {
  readAddress();
  translate(document);
  showForm();
  if (wish.q || wish.type || wish.district) find();
  else at("found").hidden = true;
  showMap();
}

at("search").addEventListener("submit", (event) => {
  event.preventDefault();
  const form = new FormData(event.target);
  wish = { ...wish, q: form.get("q").trim(), type: form.get("type") };
  showForm();
  changed();
});
for (const radio of document.querySelectorAll("input[name=type]")) {
  radio.addEventListener("change", () => { wish.type = radio.value; wish.q = at("q").value.trim(); changed(); });
}
at("more").addEventListener("click", () => find({ more: true }));
at("language").addEventListener("click", () => {
  useLanguage(language() === "zh" ? "en" : "zh");
  writeAddress(true);
  translate(document);
  count();
  showMap();
  if (!at("found").hidden) find();
});
at("q").addEventListener("input", () => {
  clearTimeout(typing);
  typing = setTimeout(showSuggestions, TYPING_MS);
});
addEventListener("popstate", start);

start();
count();
loadRegion();
