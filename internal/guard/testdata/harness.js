// Reads [{code, trigger, now, event}] from standard input, runs each as Node runs an Action, and prints what it did.
const vm = require("node:vm");

async function play({ code, trigger, now, event }) {
  const outcome = { code: "", reason: "", note: "", logs: [], error: "" };
  const context = vm.createContext({
    exports: {},
    console: { log: (...words) => outcome.logs.push(words.join(" ")) },
    api: {
      access: {
        deny: (...words) => {
          outcome.code = words.length > 1 ? words[0] : "access_denied";
          outcome.reason = words[words.length - 1];
        },
      },
      refreshToken: { setMetadata: (key, value) => (outcome.note = key + "=" + value) },
    },
    eventText: JSON.stringify(event),
    now,
  });
  try {
    vm.runInContext("Date.now = () => now;", context);
    vm.runInContext("(function () {" + code + "\n})()", context);
    await vm.runInContext(`exports.${trigger}(JSON.parse(eventText), api)`, context);
  } catch (e) {
    outcome.error = String(e);
  }
  return outcome;
}

let input = "";
process.stdin.on("data", (chunk) => (input += chunk));
process.stdin.on("end", async () => {
  console.log(JSON.stringify(await Promise.all(JSON.parse(input).map(play))));
});
