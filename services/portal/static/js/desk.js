// Who is logged in, for which organisation, and which round they look at; the service is asked in their name.
// The token is kept in this page's memory and goes with it.

import { language, text } from "./texts.js";

const at = (id) => document.getElementById(id);
const OVERSEERS = ["coordinator", "operator"];
const ON_THE_WAY = ["closed", "solving"];
const entered = [];
const chosen = [];
let token = "";
let organisation = "";
let memberships = [];

/** Says something in a line of the page. */
export function sayIn(id, message, bad = false) {
  at(id).textContent = message;
  at(id).classList.toggle("bad", bad);
}

const say = (message, bad) => sayIn("desk-state", message, bad);

/** Calls it once somebody is logged in, and again when the language changes. */
export const onEnter = (listener) => entered.push(listener);

/** Calls it with the round that is looked at, or "": on every choice, and when somebody leaves. */
export const onRound = (listener) => chosen.push(listener);

/** Whether the one who is logged in decides, rather than looks on. */
export const decides = () => memberships.some((each) => each.organisation_id === organisation && each.role === "coordinator");

// -- the service

/** The answer in the name of whoever is logged in; throws an Error whose message can be read. */
export async function call(method, path, body) {
  return (await fetched(method, path, body)).json().catch(() => ({}));
}

/** The same, with its headers. */
export async function fetched(method, path, body) {
  const headers = { "Accept-Language": language() };
  if (token) headers.Authorization = `Bearer ${token}`;
  if (organisation) headers["KeQiao-Organisation"] = organisation;
  if (body) Object.assign(headers, { "Content-Type": "application/json", "Idempotency-Key": crypto.randomUUID() });
  const answer = await fetch(`/api/v1${path}`, { method, headers, body: body && JSON.stringify(body) }).catch(() => null);
  if (!answer) throw new Error(text("askAway"));
  if (answer.ok) return answer;
  const said = await answer.json().catch(() => ({}));
  if (answer.status === 401 && token) leave();
  throw new Error([said.detail ?? said.title ?? text("askAway"), ...(said.errors ?? []).map((each) => `${each.field}: ${each.message ?? each.code}`)].join(" "));
}

/** All items of a list, page by page. */
export async function all(path) {
  const found = [];
  let cursor = "";
  do {
    const page = await call("GET", `${path}?limit=200${cursor && `&cursor=${encodeURIComponent(cursor)}`}`);
    found.push(...page.items);
    cursor = page.next ?? "";
  } while (cursor && found.length < 2000);
  return found;
}

// -- coming and going

async function enter(event) {
  event.preventDefault();
  const given = new FormData(at("login"));
  say(text("askEntering"));
  try {
    const answer = await call("POST", "/tokens", { login: given.get("login"), password: given.get("password") });
    memberships = answer.user.memberships.filter((each) => OVERSEERS.includes(each.role));
    if (!memberships.length) return say(text("askNobody"), true);
    token = answer.access_token;
    at("login").reset();
    show(true);
    at("acting").replaceChildren(...memberships.map((each) => new Option(each.organisation_name, each.organisation_id)));
    await Promise.all([act(), ...entered.map((listener) => listener())]);
  } catch (error) {
    say(error.message, true);
  }
}

function show(inside) {
  at("login").hidden = inside;
  at("desk").hidden = !inside;
}

function leave() {
  token = organisation = "";
  show(false);
  say("");
  choose("");
}

async function act() {
  organisation = at("acting").value;
  const area = memberships.find((each) => each.organisation_id === organisation).adcode.replace(/(00)+$/, "");
  const rounds = (await all("/rounds")).filter((each) => each.adcode.startsWith(area));
  const first = rounds.find((each) => ON_THE_WAY.includes(each.state)) ?? rounds[0];
  at("round").replaceChildren(...rounds.map((each) => new Option(each.name, each.id)));
  at("round").value = first?.id ?? "";
  say(first ? "" : text("askNoRounds"));
  choose(at("round").value);
}

function choose(round) {
  for (const listener of chosen) listener(round);
}

/** Says what is shown in the language in use now. */
export function retell() {
  if (!token) return;
  for (const listener of entered) listener().catch((error) => say(error.message, true));
  choose(at("round").value);
}

at("login").addEventListener("submit", enter);
at("leave").addEventListener("click", leave);
at("acting").addEventListener("change", () => act().catch((error) => say(error.message, true)));
at("round").addEventListener("change", () => choose(at("round").value));
