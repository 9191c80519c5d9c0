// Asks the agent for its figures again and again, as long as somebody looks.

const EVERY = 2000;     // milliseconds between questions
const PATIENCE = 8000;  // for an answer

const MEANING = {
  ok: {word: "All is well", text: "Everything is collected and delivered."},
  degraded: {word: "Degraded", text: "Everything is collected and kept, but somebody should look:"},
  failing: {word: "Failing", text: "Something is not collected:"},
};

const flows = new Cards(byId("flows"), (name) => new FlowCard(name));
const sinks = new Cards(byId("sinks"), (name) => new SinkCard(name));
const sources = new Cards(byId("sources"), (name) => new SourceCard(name));
const buffer = new BufferCard(byId("buffer"));
let token = remembered();
let answered = null;
let timer = null;

// Until the tab is closed, and by no other page. A browser that is told to store nothing asks each time.
function remembered() {
  try {
    return sessionStorage.getItem("token") ?? "";
  } catch {
    return "";
  }
}

function remember(secret) {
  token = secret;
  try {
    sessionStorage.setItem("token", secret);
  } catch {
    // It is still in memory.
  }
}

function showHealth(status) {
  const {word, text} = MEANING[status.health];
  byId("health").className = status.health;
  say(byId("state"), word);
  say(byId("meaning"), text);
  const reasons = JSON.stringify(status.reasons);
  if (byId("reasons").dataset.shown !== reasons) {  // otherwise it would be read out every time
    byId("reasons").dataset.shown = reasons;
    byId("reasons").replaceChildren(...status.reasons.map(({code, text: why}) =>
      element("li", "", why, element("code", "", code))));
  }
  document.title = `${status.health} · ${status.agent} · sluice`;
}

function show(status) {
  const time = performance.now() / 1000;
  say(byId("agent"), status.agent);
  say(byId("version"), `sluice ${status.version}, buffer ${status.epoch}. The same figures: /status, /metrics.`);
  showHealth(status);
  flows.update(status.flows, status, time);
  sinks.update(status.sinks, status, time);
  sources.update(status.sources, status, time);
  buffer.update(status.buffer);
  byId("door").hidden = true;
  byId("figures").hidden = false;
}

function freshness(text, stale) {
  say(byId("fresh"), text);
  byId("fresh").className = stale ? "stale" : "";
  byId("figures").className = stale ? "stale-figures" : "";
}

function askForToken() {
  say(byId("refused"), token ? "The agent does not take this token." : "");
  remember("");
  byId("figures").hidden = true;
  byId("door").hidden = false;
  byId("token").focus();
  freshness("waiting for the token", true);
}

async function ask() {
  const headers = token ? {Authorization: `Bearer ${token}`} : {};
  const answer = await fetch("status", {headers, cache: "no-store", signal: AbortSignal.timeout(PATIENCE)});
  if (answer.status === 401) return askForToken();
  if (!answer.ok) throw new Error((await answer.json()).error);
  show(await answer.json());
  answered = new Date();
  freshness(`updated ${answered.toLocaleTimeString()}`, false);
  return again();
}

function again() {
  clearTimeout(timer);
  if (!document.hidden) timer = setTimeout(go, EVERY);
}

function go() {
  clearTimeout(timer);
  ask().catch((error) => {
    const since = answered ? ` since ${answered.toLocaleTimeString()}` : "";
    freshness(`no answer${since}: ${error.message}`, true);
    again();
  });
}

byId("door").addEventListener("submit", (event) => {
  event.preventDefault();
  remember(byId("token").value);
  byId("token").value = "";
  go();
});
document.addEventListener("visibilitychange", () => {
  if (!document.hidden && byId("door").hidden) go();
});
go();
