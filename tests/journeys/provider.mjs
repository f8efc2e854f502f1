// A certified OpenID provider on loopback for the tests: node provider.mjs SETTINGS-AS-JSON
// It knows the people of `people` by name, each with the password "right", and gives their claims as they are.
import { createServer } from "node:http";
import Provider from "oidc-provider";

const settings = JSON.parse(process.argv[2]);
const { issuer, port, service, keys, people } = settings;

const provider = new Provider(issuer, {
  clients: [
    {
      client_id: "tracker",
      client_secret: settings.secret,
      redirect_uris: [`${service}/sign-in/callback`],
      post_logout_redirect_uris: [`${service}/sign-in/`],
      backchannel_logout_uri: `${service}/sign-in/back-channel-logout`,
      backchannel_logout_session_required: true,
    },
  ],
  jwks: { keys },
  conformIdTokenClaims: false,
  claims: { openid: ["sub"], profile: ["name", "roles", "organisations"], email: ["email"], acr: null, sid: null },
  // It calls nobody on loopback by itself, and the service of the tests is there.
  fetch: (url, options) => fetch(url, { ...options, dispatcher: undefined }),
  cookies: { keys: ["a key for tests"] },
  features: {
    devInteractions: { enabled: false },
    backchannelLogout: { enabled: true },
    rpInitiatedLogout: {
      logoutSource: async (context, form) => {
        context.body = `<!doctype html><title>Out</title>${form}<button form="op.logoutForm" name="logout" value="yes">Yes, out everywhere</button>`;
      },
    },
  },
  interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
  findAccount: async (_, id) =>
    people[id] && { accountId: id, claims: async () => ({ sub: id, name: id, ...people[id] }) },
  // Nobody is asked whether this service may know who they are.
  loadExistingGrant: async (context) => {
    const grant = new context.oidc.provider.Grant({
      clientId: context.oidc.client.clientId,
      accountId: context.oidc.session.accountId,
    });
    grant.addOIDCScope("openid profile email");
    await grant.save();
    return grant;
  },
});

// What it could not tell the service stands in the output of the test.
provider.on("backchannel.error", (_, problem) => console.error("Back-channel logout:", problem));

const form = (said) => `<!doctype html><html lang="en"><title>Provider</title><h1>Provider</h1><p>${said}</p>
<form method="post"><label>Name <input name="name"></label><label>Password <input name="password" type="password"></label>
<button>Continue</button><button name="cancel" value="yes">Cancel</button></form></html>`;

// Told to, it takes codes and does not answer, or hangs up.
let mood = "well";
process.on("SIGUSR2", () => (mood = "slow"));
process.on("SIGHUP", () => (mood = "down"));

const answer = provider.callback();
createServer(async (request, response) => {
  if (request.url === "/token" && mood === "slow") return;
  if (request.url === "/token" && mood === "down") return request.socket.destroy();
  if (!request.url.startsWith("/interaction/")) return answer(request, response);
  try {
    await provider.interactionDetails(request, response);
    if (request.method !== "POST") return response.end(form("Sign in"));
    let body = "";
    for await (const part of request) body += part;
    const typed = new URLSearchParams(body);
    if (typed.get("cancel"))
      return await provider.interactionFinished(request, response, { error: "access_denied" });
    const name = typed.get("name");
    if (!people[name] || typed.get("password") !== "right") return response.end(form("Wrong name or password"));
    await provider.interactionFinished(request, response, { login: { accountId: name } });
  } catch (problem) {
    response.statusCode = 400;
    response.end(String(problem));
  }
}).listen(port, "127.0.0.1", () => console.log("ready"));
