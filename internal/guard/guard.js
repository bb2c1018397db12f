// Refuses whoever holds no seat. It reads the event and returns: no network, no secret, no dependency, no write to
// app_metadata. Whatever the caller can choose (event.request) is never looked at. CONFIG stands above, written by Render.

const TEXT = {
  suspended: "Access of your organization is suspended.",
  not_started: "Your organization's contract has not started yet.",
  ended: "Your organization's contract has ended.",
  no_seat: "Your seat is being set up, or you hold none: sign in again in a moment, or ask your administrator.",
  unmanaged_organization: "Your organization has no access to this application: ask your administrator.",
  organization_required: "Sign in through your organization.",
  error: "Your sign-in could not be checked: try again in a moment, or ask your administrator.",
};

const REFRESH = "oauth2-refresh-token";
const INSTANT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})$/;

function log(text) {
  if (typeof console !== "undefined") {
    console.log("seatwarden: " + text);
  }
}

// The object's own property, or undefined: nothing inherited counts.
function own(object, name) {
  if (object === null || typeof object !== "object" || Array.isArray(object)) {
    return undefined;
  }
  return Object.prototype.hasOwnProperty.call(object, name) ? object[name] : undefined;
}

// Milliseconds since the epoch, or the fallback for an empty string.
function instant(text, unbounded) {
  if (text === "") {
    return unbounded;
  }
  const at = INSTANT.test(text) ? Date.parse(text) : NaN;
  if (Number.isNaN(at)) {
    throw new Error("unreadable instant");
  }
  return at;
}

// "<state>,<start>,<end>" as an object; throws for anything else.
function parseAccess(value) {
  const parts = typeof value === "string" ? value.split(",") : [];
  if (parts.length !== 3 || !["open", "suspended", "released"].includes(parts[0])) {
    throw new Error("unreadable access");
  }
  return { state: parts[0], start: instant(parts[1], -Infinity), end: instant(parts[2], Infinity) };
}

// The reason why nobody of the organization may enter now, or undefined. The start is inside the window, the end is not.
function closed(access) {
  const now = Date.now();
  if (access.state === "suspended") {
    return "suspended";
  }
  if (now < access.start) {
    return "not_started";
  }
  return now < access.end ? undefined : "ended";
}

function holdsSeat(event, organizationID, key) {
  const grant = own(own(event.user, "app_metadata"), "seatwarden_" + organizationID);
  if (typeof key !== "string" || key === "" || typeof grant !== "string") {
    return false;
  }
  const dot = grant.indexOf(".");
  return dot > 0 && grant.slice(0, dot) === key;
}

function isGuarded(event) {
  return CONFIG.applications.includes(own(own(event, "client"), "client_id"));
}

function judgeOrganization(event) {
  const organization = event.organization;
  const metadata = own(organization, "metadata");
  const value = own(metadata, "seatwarden_access");
  if (value === undefined) {
    return CONFIG.unmanagedOrganizations === "Deny" && isGuarded(event) ? "unmanaged_organization" : undefined;
  }
  const access = parseAccess(value);
  if (access.state === "released") {
    return undefined;
  }
  const reason = closed(access);
  if (reason !== undefined) {
    return reason;
  }
  return holdsSeat(event, organization.id, own(metadata, "seatwarden_key")) ? undefined : "no_seat";
}

// Without an organization the note that the sign-in left in the refresh token decides: "<organization id> <key>".
function judgeRefresh(event) {
  const note = own(own(event.refresh_token, "metadata"), "seatwarden");
  if (note !== undefined) {
    const parts = typeof note === "string" ? note.split(" ") : [];
    if (parts.length !== 2) {
      throw new Error("unreadable note");
    }
    return holdsSeat(event, parts[0], parts[1]) ? undefined : "no_seat";
  }
  if (!isGuarded(event)) {
    return undefined;
  }
  if (CONFIG.organizationlessRefresh === "Refuse") {
    return "organization_required";
  }
  log("passed a refresh without organization and note");
  return undefined;
}

function judge(event) {
  if (event.organization) {
    return judgeOrganization(event);
  }
  if (own(event.transaction, "protocol") === REFRESH) {
    return judgeRefresh(event);
  }
  return isGuarded(event) ? "organization_required" : undefined;
}

// Leaves the note for a later refresh, where Auth0 offers metadata of refresh tokens (Enterprise). There is no
// event.refresh_token at sign-in: metadata can be set then, and read at the refresh. A sign-in never fails for it.
function leaveNote(event, api) {
  try {
    const metadata = own(event.organization, "metadata");
    const key = own(metadata, "seatwarden_key");
    const offered = api.refreshToken && typeof api.refreshToken.setMetadata === "function";
    const managed = own(metadata, "seatwarden_access") !== undefined && typeof key === "string" && key !== "";
    if (offered && managed && own(event.transaction, "protocol") !== REFRESH) {
      api.refreshToken.setMetadata("seatwarden", event.organization.id + " " + key);
    }
  } catch (e) {
    log("could not leave the note");
  }
}

// Runs a judgement; what it throws refuses guarded applications and lets the others of the tenant go.
function decide(event, judgement) {
  try {
    return judgement(event);
  } catch (e) {
    log("could not judge");
    return isGuarded(event) ? "error" : undefined;
  }
}

exports.onExecutePostLogin = async (event, api) => {
  const reason = decide(event, judge);
  if (reason !== undefined && CONFIG.mode === "Enforce") {
    api.access.deny(TEXT[reason]);
    return;
  }
  if (reason !== undefined) {
    log("would refuse: " + reason);
  }
  leaveNote(event, api);
};

// Machine-to-machine tokens of an organization: they hold no seat, but the contract's window binds them too.
exports.onExecuteCredentialsExchange = async (event, api) => {
  const reason = decide(event, (e) => {
    const value = own(own(e.organization, "metadata"), "seatwarden_access");
    if (value === undefined) {
      return undefined;
    }
    const access = parseAccess(value);
    return access.state === "released" ? undefined : closed(access);
  });
  if (reason !== undefined && CONFIG.mode === "Enforce") {
    api.access.deny("invalid_request", TEXT[reason]);
  } else if (reason !== undefined) {
    log("would refuse: " + reason);
  }
};
