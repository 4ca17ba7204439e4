// Posts the token of a one-time link. It stands behind "#", so no server, log or preview of links has seen it;
// it leaves the address bar and the history before anything else happens.

const token = location.hash.slice(1);
const state = document.getElementById("state");

async function signIn() {
  history.replaceState(null, "", location.pathname);
  state.textContent = "Signing in …";
  try {
    const headers = { "Content-Type": "text/plain" };
    const answer = await fetch("/dashboard/session", { method: "POST", headers, body: token });
    if (answer.ok) {
      location.replace("/dashboard/");
      return;
    }
    state.textContent = "This link is used up or too old. Ask for another one.";
  } catch {
    state.textContent = "The gateway does not answer. Ask for another link when it does.";
  }
  state.classList.add("bad");
}

if (token) await signIn();
