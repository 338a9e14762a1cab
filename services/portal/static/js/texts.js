// Every word that the page itself says, in both languages.

const zh = {
  skip: "跳到搜索", headline: "把科学带到每一所学校",
  lead: "学校提出想要的参观、专家或展览，科桥把一个地区的需求放在一起，与场馆、流动科普设施和专家统一配对，说明每一个结果的理由，并一直跟到活动完成。",
  searchLabel: "搜索活动、场次、场馆和专家", searchHint: "航天、恐龙、chifeng、cf…", searchButton: "搜索",
  typeLegend: "找什么", typeProgrammes: "活动", typeSlots: "可约场次", typeVenues: "场馆", typeExperts: "专家",
  programme: "活动", slot: "场次", venue: "场馆", expert: "专家",
  foundTitle: "搜索结果", more: "再看一些",
  countsTitle: "眼下有这些资源", areaTitle: "各旗县区的场馆与活动",
  areaText: "选一个旗县区，看那里有什么。六边形图只表示相邻关系，不是行政区划界线。",
  stepsTitle: "一次活动是怎样安排的",
  step1: "学校申请", step1text: "写明主题、人数、可行的时间和路程上限。集中申报期内不分先后。",
  step2: "统一匹配", step2text: "全部申请一起求解，并给出离最优还差多少的证明。从未轮到的和偏远的学校优先。",
  step3: "审定发布", step3text: "科协审看草案，可以调整并写明理由，然后发布。",
  step4: "各方确认", step4text: "名额先暂留，专家、场馆和学校各自答复。有人不能来，就为学校重新安排。",
  step5: "开展与台账", step5text: "活动办完记入台账，覆盖了哪些学校、哪些还没有，一目了然。",
  footDemo: "本页数据为演示，学校、人员和场次均为虚构。", footPrivacy: "专家的住处不公开；本页不使用统计脚本，也不保存您的信息。",
  searching: "正在搜索…", found: "共 {n} 条", none: "没有找到“{q}”。换一个词，或者少选一个条件。", noneHere: "这里暂时没有。",
  failed: "搜索暂时不可用，预约等其他功能照常。请稍后再试。", tooMany: "搜索得太快了，请稍等片刻。",
  countsFailed: "暂时读不到数目。", countsEmpty: "还没有登记资源。", seats: "余 {n} 个名额", full: "已满",
  clear: "全部地区", other: "English", cell: "{name}：{n} 项", title: "科桥 KeQiao",
};

const en = {
  skip: "Skip to search", headline: "Science for every school",
  lead: "Schools ask for a visit, an expert or an exhibition. KeQiao pools the wishes of a whole region, pairs them with its venues, travelling units and experts, gives the reason for every result, and follows each pairing until it has taken place.",
  searchLabel: "Search programmes, sessions, venues and experts", searchHint: "航天, chifeng, cf…", searchButton: "Search",
  typeLegend: "What to look for", typeProgrammes: "Programmes", typeSlots: "Bookable sessions", typeVenues: "Venues", typeExperts: "Experts",
  programme: "Programme", slot: "Session", venue: "Venue", expert: "Expert",
  foundTitle: "Results", more: "Show more",
  countsTitle: "What is on offer now", areaTitle: "Venues and programmes by district",
  areaText: "Choose a district to see what it has. The tiles show who neighbours whom; they are not administrative boundaries.",
  stepsTitle: "How a visit comes about",
  step1: "A school asks", step1text: "Topic, group size, times that suit and the longest way. Within a round, being first is no advantage.",
  step2: "Matched together", step2text: "All requests are solved at once, with a proof of how far from the best the result can be. Schools never served, and remote ones, come first.",
  step3: "Reviewed", step3text: "The science association reads the draft, may move a pairing and says why, then publishes.",
  step4: "Agreed", step4text: "Places are set aside while expert, venue and school answer. If somebody cannot come, the school is matched again.",
  step5: "Held and recorded", step5text: "What took place enters the ledger: which schools were reached, and which still wait.",
  footDemo: "Demonstration data: schools, people and sessions are invented.", footPrivacy: "Experts' homes are not shown. This page has no analytics and keeps nothing about you.",
  searching: "Searching…", found: "{n} found", none: "Nothing found for “{q}”. Try another word, or fewer conditions.", noneHere: "Nothing here yet.",
  failed: "Search is away for the moment; booking goes on. Please try again shortly.", tooMany: "That was a little fast. Please wait a moment.",
  countsFailed: "The numbers cannot be read right now.", countsEmpty: "Nothing is registered yet.", seats: "{n} places free", full: "Full",
  clear: "All districts", other: "中文", cell: "{name}: {n}", title: "KeQiao 科桥",
};

const languages = { zh, en };
let current = "zh";

/** The language in use: zh or en. */
export const language = () => current;

/** Uses a language; anything unknown is Chinese. */
export function useLanguage(code) {
  current = code in languages ? code : "zh";
}

/** The text of a key, with {names} filled in. */
export function text(key, params = {}) {
  return languages[current][key].replace(/\{(\w+)\}/g, (_, name) => params[name]);
}

/** Writes the current language into the page. */
export function translate(page) {
  page.documentElement.lang = current === "zh" ? "zh-CN" : "en";
  page.title = text("title");
  for (const node of page.querySelectorAll("[data-t]")) node.textContent = text(node.dataset.t);
  for (const node of page.querySelectorAll("[data-tp]")) node.placeholder = text(node.dataset.tp);
  const button = page.getElementById("language");
  button.textContent = text("other");
  button.lang = current === "zh" ? "en" : "zh-CN";
}
