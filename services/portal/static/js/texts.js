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
  resultsLink: "看每一期的结果和证明",
  roundsPage: "求解结果与核对 · 科桥 KeQiao", skipResults: "跳到结果", roundsTitle: "统一匹配的结果，人人可以核对",
  roundsLead: "一个集中申报期的全部申请一起求解。这里写明每次发布的结果离最优至多还差多少，并给出证明它的三个文件，其中没有学校、场馆和个人的名字。",
  checkTitle: "怎样核对", checkGet: "下载某一期的三个文件和核对程序，放在同一个文件夹里。", checkRun: "在该文件夹里运行：",
  checkRead: "程序逐项核对，然后说出差距，或者指出第一处不实。它只用 Python（3.10 或更新）自带的功能，不联网。",
  checkLot: "同分先后由抽签决定。学校在申请说明里能看到自己的代号；用发布后公开的种子可以重算抽签号，再与问题文件中的比对：",
  seedsTitle: "尚未发布的集中申报期：抽签种子的摘要", seedHash: "种子的摘要（SHA-256），申报开始前已公布：{hash}。种子随结果公开。",
  resultsTitle: "已发布的集中申报期", resultsLoading: "正在读取…", resultsNone: "还没有发布过结果。", resultsFailed: "暂时读不到结果，请稍后再试。",
  roundPublished: "{date}发布", roundGap: "离最优至多差 {gap} %", roundOptimal: "完整搜索已证明是最优方案；文件本身能证明的差距可能略大", roundNoGap: "没有留下差距的数据",
  roundNumbers: "总值 {value}；在满足均衡底线的安排中，没有一个能超过 {bound}", roundFair: "均衡：需求满足率最低的旗县区为 {lowest} %，找到的最均衡安排中为 {fair} %{most}；各地至少保留均衡安排的 {policy} %。{cost}", roundFairMost: "，任何安排都不可能超过 {highest} %", roundFairCost: "按价格估计，为此总值约少 {value} 分、少服务约 {pupils} 人。", roundStopped: "求解由协调员提前结束。",
  roundByHand: "协调员手工确定了 {n} 项安排；文件证明的是求解结果本身，不包括这些改动。",
  roundSeed: "决定同分先后的种子：{seed}。申报开始前公布的摘要（SHA-256）：{hash}。",
  paperProblem: "申请与资源 problem.json", paperSolution: "求解结果 solution.json", paperCertificate: "证明 certificate.json", papersNone: "这一期没有求解文件。",
  deskTitle: "协调员和管理员", deskLead: "登录后，可以看所负责地区的集中申报期求解到了哪一步，也可以推演“假如情况不同”。",
  solvingTitle: "求解进度", solvingReading: "正在读取…", solvingLost: "暂时读不到进度：{why} 稍后自动重试。",
  solvingOpen: "正在受理申请，{date}截止后自动求解。", solvingClosed: "已截止，没有正在进行的求解。", solvingQueued: "已截止，等待求解。", solvingRunning: "正在求解。", solvingIn: "正在求解：{phase}",
  solvingDrawnUp: "草案已拟定，可以查看、调整和审定。", solvingFailed: "求解未能完成。", solvingReviewed: "草案已审定，等待发布。", solvingPublished: "结果已发布。",
  solvingCancelled: "求解已停止。此前还没有找到任何方案，本期回到已截止状态，可以重新求解。", solvingStopping: "正在停止，一两秒后见结果…",
  endedOptimal: "完整搜索已证明是最优方案。", endedLimit: "求解到时限为止。", endedStopped: "求解由协调员提前结束。",
  solvingValue: "方案总值", solvingBound: "任何方案都不超过", solvingGap: "离最优至多差", solvingSeconds: "求解用时", solvingTook: "{n} 秒",
  stopAsk: "停止求解，采用目前最好的方案", stopTitle: "现在停止求解？", stopYes: "停止", stopNo: "继续求解",
  stopBest: "目前最好的方案（总值 {value}，离最优至多差 {gap}）将成为草案，同样可以查看、调整和审定，也同样附有证明。停止后不能从原处继续，只能重新求解。",
  stopNothing: "目前还没有找到任何方案。停止后本期回到已截止状态，可以重新求解；已有的活动安排不受影响。",
  phasePapers: "整理证明", phaseWriting: "写入草案",
  askTitle: "假如情况不同", askLead: "改变申请量、关闭一个场馆、增加专家或场次，看谁会受益、谁会落空。推演只在副本上进行，不改动任何安排。",
  askLogin: "登录名", askPassword: "密码", askEnter: "登录", askLeave: "退出", askActing: "代表单位", askRound: "集中申报期", askKind: "假如",
  askEntering: "正在登录…", askNobody: "这个账号不负责任何地区。", askAway: "暂时连不上，请稍后再试。", askSending: "正在提交…",
  askNone: "这个集中申报期还没有推演过。", askNoRounds: "您负责的地区还没有集中申报期。", askEverywhere: "全部地区",
  askAlso: "再加一项变化", askSend: "推演", askCollected: "已加 {n} 项变化，将与上面这项一起推演。", askGiveUp: "停止推演", askExport: "导出表格",
  kindDemand: "申请量变化", kindClosed: "场馆关闭", kindExperts: "增加专家", kindSessions: "增加场次", kindUnitDays: "流动设施增加行程", kindFairness: "均衡程度",
  fieldFactor: "变为几倍", fieldArea: "地区", fieldVenue: "场馆", fieldFirst: "自（可不填）", fieldLast: "至（可不填）", fieldNumber: "数量", fieldTopic: "主题",
  fieldDistrict: "所在旗县区", fieldProgramme: "活动", fieldUnit: "流动科普设施", fieldDay: "日期（可不填）", fieldPercent: "均衡程度（%）",
  askQueued: "等待推演", askRunning: "正在推演", askCancelled: "已停止", askFailed: "推演未能完成", askDone: "已有结果", askGap: "离最优至多差 {gap}",
  sideBase: "现状", sideChanged: "变化后", phaseLoading: "读取数据", phaseCandidates: "列出可行方案", phasePricing: "计算价格", phaseSearching: "求解",
  rowRequests: "申请", rowServed: "满足", rowPeople: "人数", rowPupils: "其中学生", rowValue: "总值", rowGap: "离最优至多差", rowDifference: "相差",
  askMoved: "{place}（{stage}）：{gain} 所学校受益，{lose} 所学校减少", askNobodyMoves: "没有学校因此受益或减少。", askByHand: "手工确定的 {n} 项安排在两边都不变，未计入。",
  stageK: "幼儿园", stageP: "小学", stageJ: "初中", stageS: "高中", stageV: "职业学校", stageX: "特殊教育", stageU: "高校",
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
  resultsLink: "See each round's result and its proof",
  roundsPage: "Results to check · KeQiao 科桥", skipResults: "Skip to the results", roundsTitle: "Results that anybody can check",
  roundsLead: "All requests of a round are solved together. Here stands how far each published result can be from the best possible, with the three files that prove it. No school, venue or person is named in them.",
  checkTitle: "How to check", checkGet: "Put the three files of a round and the checking program into one folder.", checkRun: "Run there:",
  checkRead: "The program checks line by line, then says the gap, or the first statement that is false. It needs nothing but Python 3.10 or newer, and no network.",
  checkLot: "Lots decide between equals. A school reads its alias in the explanation of its request; with the seed, which is revealed on publication, anybody can draw the lot again and compare it with the problem's paper:",
  seedsTitle: "Rounds not published yet: the hashes of their seeds", seedHash: "SHA-256 of the seed, told before anybody could submit: {hash}. The seed is revealed with the result.",
  resultsTitle: "Published rounds", resultsLoading: "Reading…", resultsNone: "Nothing has been published yet.", resultsFailed: "The results cannot be read right now. Please try again shortly.",
  roundPublished: "Published on {date}", roundGap: "At most {gap} % from the best possible", roundOptimal: "Proven the best possible by a search to the end; the files alone may prove a little less", roundNoGap: "No gap was recorded",
  roundNumbers: "Value {value}; no plan that keeps what is due to each district can be worth more than {bound}", roundFair: "Fairness: the district with the lowest share is served {lowest} % of what it asked for, in the fairest plan that was found {fair} %{most}; each keeps at least {policy} % of that plan.{cost}", roundFairMost: ", and in no plan more than {highest} %", roundFairCost: " By prices this costs about {value} points and {pupils} people served.", roundStopped: "The coordinator ended the search early.",
  roundByHand: "The coordinator set {n} pairings by hand; the files prove the solver's own result, without these changes.",
  roundSeed: "Seed that decided between equals: {seed}. Its SHA-256, told before anybody could submit: {hash}.",
  paperProblem: "Requests and resources, problem.json", paperSolution: "Result, solution.json", paperCertificate: "Proof, certificate.json", papersNone: "This round has no files.",
  deskTitle: "For coordinators and operators", deskLead: "Log in to see how far the solve of a round of your area has come, and to try out what if.",
  solvingTitle: "The solve", solvingReading: "Reading…", solvingLost: "The progress cannot be read right now: {why} It is tried again shortly.",
  solvingOpen: "Requests are being taken; solving begins when the round closes on {date}.", solvingClosed: "Closed; nothing is being solved.", solvingQueued: "Closed, and waiting to be solved.", solvingRunning: "Being solved.", solvingIn: "Being solved: {phase}",
  solvingDrawnUp: "The draft is drawn up, to be read, changed and reviewed.", solvingFailed: "The solve did not come to its end.", solvingReviewed: "The draft is reviewed, and waits to be published.", solvingPublished: "The result is published.",
  solvingCancelled: "The solve was stopped before it had found any plan. The round is closed as before and can be solved again.", solvingStopping: "Stopping; the outcome follows in a second or two…",
  endedOptimal: "A search to the end has proven it the best possible.", endedLimit: "The search went on until its time was over.", endedStopped: "The coordinator ended the search early.",
  solvingValue: "Value of the plan", solvingBound: "No plan can pass", solvingGap: "At most from the best", solvingSeconds: "Time taken", solvingTook: "{n} s",
  stopAsk: "Stop, and take the best plan so far", stopTitle: "Stop the solve now?", stopYes: "Stop", stopNo: "Let it go on",
  stopBest: "The best plan so far (value {value}, at most {gap} from the best possible) becomes the draft, to be read, changed and reviewed as any other, with its proof. It cannot be taken up again where it was stopped; the round can only be solved anew.",
  stopNothing: "No plan has been found yet. The round goes back to being closed and can be solved again; no match is touched.",
  phasePapers: "writing the proof", phaseWriting: "writing the draft",
  askTitle: "What if", askLead: "Change the demand, close a venue, add experts or sessions, and see who would gain and who would go without. All of it is worked out on a copy: no match is touched.",
  askLogin: "Login", askPassword: "Password", askEnter: "Log in", askLeave: "Log out", askActing: "For", askRound: "Round", askKind: "What if",
  askEntering: "Logging in…", askNobody: "This account oversees no area.", askAway: "No connection right now. Please try again shortly.", askSending: "Sending…",
  askNone: "Nothing has been asked about this round yet.", askNoRounds: "There is no round in your area yet.", askEverywhere: "everywhere",
  askAlso: "One more change", askSend: "Work it out", askCollected: "{n} changes kept; they go together with the one above.", askGiveUp: "Stop", askExport: "Export the table",
  kindDemand: "demand changes", kindClosed: "a venue is closed", kindExperts: "there are more experts", kindSessions: "there are more sessions", kindUnitDays: "a travelling unit comes more often", kindFairness: "another fairness policy",
  fieldFactor: "Times", fieldArea: "Area", fieldVenue: "Venue", fieldFirst: "From (optional)", fieldLast: "To (optional)", fieldNumber: "How many", fieldTopic: "Topic",
  fieldDistrict: "District", fieldProgramme: "Programme", fieldUnit: "Travelling unit", fieldDay: "Day (optional)", fieldPercent: "Fairness (%)",
  askQueued: "Waiting", askRunning: "Being worked out", askCancelled: "Stopped", askFailed: "Could not be worked out", askDone: "Answered", askGap: "at most {gap} from the best",
  sideBase: "As it is", sideChanged: "Changed", phaseLoading: "reading the data", phaseCandidates: "listing what is possible", phasePricing: "finding prices", phaseSearching: "searching",
  rowRequests: "Requests", rowServed: "Served", rowPeople: "People", rowPupils: "Pupils among them", rowValue: "Value", rowGap: "At most from the best", rowDifference: "Difference",
  askMoved: "{place} ({stage}): {gain} schools gain, {lose} have less", askNobodyMoves: "No school gains or has less by it.", askByHand: "{n} matches set by hand stay on both sides and are not counted.",
  stageK: "kindergartens", stageP: "primary schools", stageJ: "junior middle schools", stageS: "senior middle schools", stageV: "vocational schools", stageX: "special schools", stageU: "universities",
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
  page.title = text(page.documentElement.dataset.title ?? "title");
  for (const link of page.querySelectorAll("[data-page]")) link.href = link.dataset.page + (current === "zh" ? "" : "?lang=en");
  for (const node of page.querySelectorAll("[data-t]")) node.textContent = text(node.dataset.t);
  for (const node of page.querySelectorAll("[data-tp]")) node.placeholder = text(node.dataset.tp);
  const button = page.getElementById("language");
  button.textContent = text("other");
  button.lang = current === "zh" ? "en" : "zh-CN";
}
