// Reads [{code, handler, now, event, secrets}] from standard input, runs each list of Actions as Auth0's documentation
// of post-login has it, in Node, and prints what they did.
const vm = require("node:vm");

function text(value) {
  if (typeof value !== "string") throw new TypeError("must be a string");
  return value;
}

function metadata(target, held) {
  return {
    setMetadata: (key, value) => {
      if (value !== null && (!/^[A-Za-z0-9_-]{1,255}$/.test(text(key)) || text(value).length > 255)) {
        throw new TypeError("metadata");
      }
      target[key] = value;
      if (Object.values({ ...held, ...target }).filter((v) => v !== null).length > 25) throw new TypeError("metadata");
    },
    deleteMetadata: (key) => (target[text(key)] = null),
    evictMetadata: () => Object.keys({ ...held, ...target }).forEach((key) => (target[key] = null)),
  };
}

function chained(api) {
  for (const group of Object.values(api)) {
    for (const [name, call] of Object.entries(group)) {
      if (name === "canRedirect") continue;
      group[name] = (...words) => {
        call(...words);
        return api;
      };
    }
  }
  return api;
}

function apiFor(outcome, event) {
  const deny = (reason) => (outcome.denial ||= text(reason));
  const set = (target) => (key, value) => (target[text(key)] = value === undefined ? null : JSON.parse(JSON.stringify(value)));
  const prompts = event.transaction?.prompt ?? [];
  return chained({
    access: { deny },
    accessToken: { setCustomClaim: set(outcome.access) },
    idToken: { setCustomClaim: set(outcome.id) },
    user: { setAppMetadata: set(outcome.app), setUserMetadata: set(outcome.user) },
    transaction: { setMetadata: set(outcome.transaction) },
    refreshToken: {
      ...metadata(outcome.refreshToken, event.refresh_token?.metadata),
      revoke: (reason) => {
        if (event.transaction?.protocol !== "oauth2-refresh-token") throw new TypeError("refresh only");
        deny(reason);
      },
    },
    session: { ...metadata(outcome.session, event.session?.metadata), revoke: deny },
    redirect: {
      canRedirect: () => event.transaction?.protocol !== "oauth2-refresh-token" && !prompts.includes("none"),
      sendUserTo: (url, options) => {
        const target = new URL(url);
        if (!/^https?:$/.test(target.protocol)) throw new TypeError("address");
        for (const [name, value] of Object.entries(options?.query ?? {})) target.searchParams.set(name, value);
        outcome.redirect = target.href;
      },
    },
  });
}

const merged = (object, field, changes) => {
  if (object === undefined) return undefined;
  const all = { ...object[field], ...changes };
  for (const key of Object.keys(all)) if (all[key] === null) delete all[key];
  return { ...object, [field]: all };
};

async function play({ code, now, event }) {
  const outcome = {
    denial: "", failed: false, redirect: "", logs: [],
    app: {}, user: {}, id: {}, access: {}, transaction: {}, refreshToken: {}, session: {},
  };
  for (const one of code) {
    let seen = { ...event, secrets: {} };
    seen.user = merged(merged(seen.user, "app_metadata", outcome.app), "user_metadata", outcome.user);
    seen.transaction = merged(seen.transaction, "metadata", outcome.transaction);
    seen.refresh_token = merged(seen.refresh_token, "metadata", outcome.refreshToken);
    seen.session = merged(seen.session, "metadata", outcome.session);
    const module = { exports: {} };
    const context = vm.createContext({
      module, exports: module.exports, eventText: JSON.stringify(seen), now,
      console: { log: (...words) => outcome.logs.push([...words.map(String).join(" ")].slice(0, 256).join("")) },
      require: () => { throw new Error("no dependencies"); },
      api: apiFor(outcome, seen),
    });
    try {
      vm.runInContext("Date.now = () => now;", context);
      vm.runInContext("(function () {" + one + "\n})()", context);
      const frozen = "JSON.parse(eventText, (_, value) => Object.freeze(value))";
      await vm.runInContext(`module.exports.onExecutePostLogin(${frozen}, api)`, context, { timeout: 2000 });
    } catch {
      outcome.failed = true;
    }
    if (outcome.failed || outcome.denial) outcome.redirect = "";
    if (outcome.failed || outcome.denial || outcome.redirect) break;
  }
  return outcome;
}

let input = "";
process.stdin.on("data", (chunk) => (input += chunk));
process.stdin.on("end", async () => {
  console.log(JSON.stringify(await Promise.all(JSON.parse(input).map(play))));
});
