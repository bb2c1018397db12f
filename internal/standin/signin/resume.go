package signin

import (
	"net/http"
	"net/url"
	"slices"

	"github.com/seatwarden/seatwarden/internal/standin/actions"
	"github.com/seatwarden/seatwarden/internal/standin/pages"
	"github.com/seatwarden/seatwarden/internal/standin/state"
)

// paused is a sign-in whose Actions wait for the person to come back.
type paused struct {
	who     *authenticated
	effects *actions.Effects
}

// pause sends the person where an Action wants them, or to a second factor.
func (si *SignIn) pause(tx *transaction, user *state.User, who *authenticated, effects *actions.Effects) answer {
	if slices.Contains(words(tx.prompt), "none") {
		return si.fail(tx, user, state.LogFailure, refuse("interaction_required", unresumable(effects).description))
	}
	tx.paused, tx.expires = &paused{who: who, effects: effects}, si.world.Clock.Now().Add(transactionLifetime)
	si.transactions[tx.id] = tx
	if target := effects.Suspension.URL; target != "" {
		return redirect(withQuery(target, url.Values{"state": {tx.id}}))
	}
	return redirect("/login/second-factor?" + url.Values{"state": {tx.id}}.Encode())
}

// unresumable refuses a suspension where no person is there to come back, nil
// if there is none. The code for a redirect is OpenID Connect's own; Auth0
// documents only that there can be none.
func unresumable(effects *actions.Effects) *refusal {
	switch {
	case effects.Suspension == nil:
		return nil
	case effects.Suspension.URL != "":
		return refuse("interaction_required", "User interaction is required to continue the redirection")
	}
	return refuse("mfa_required", "Multifactor authentication required")
}

// waiting returns the paused sign-in of a request: one at a redirect, or one at
// a second factor.
func (si *SignIn) waiting(r *http.Request, atRedirect bool) (*transaction, answer) {
	tx := si.transactions[r.Form.Get("state")]
	if tx == nil || tx.tenant != si.world.TenantOf(r) || tx.paused == nil ||
		atRedirect != (tx.paused.effects.Suspension.URL != "") {
		return nil, errorPage(http.StatusBadRequest, refuse("invalid_request", "No sign-in waits for this: start again from the application."))
	}
	return tx, nil
}

// resume goes on where an Action sent the person away.
func (si *SignIn) resume(r *http.Request) answer {
	tx, wrong := si.waiting(r, true)
	if wrong != nil {
		return wrong
	}
	return si.goOn(tx, r)
}

// secondFactor shows the page that asks for a second factor.
func (si *SignIn) secondFactor(r *http.Request) answer {
	tx, wrong := si.waiting(r, false)
	if wrong != nil {
		return wrong
	}
	p := pages.Page{Kind: pages.PageSecondFactor, Title: "Is it you?", State: tx.id, Factors: tx.paused.effects.Suspension.Factors}
	return func(w http.ResponseWriter, _ *http.Request) { pages.Render(w, http.StatusOK, p) }
}

// passSecondFactor takes the press of the button for the second factor.
func (si *SignIn) passSecondFactor(r *http.Request) answer {
	tx, wrong := si.waiting(r, false)
	if wrong != nil {
		return wrong
	}
	return si.goOn(tx, r)
}

// goOn runs the Actions that are left. They see the profile as it is now, and
// in event.request the request that brought the person back, as in Auth0.
func (si *SignIn) goOn(tx *transaction, r *http.Request) answer {
	waited := tx.paused
	tx.paused = nil
	delete(si.transactions, tx.id)
	user, client := tx.tenant.Users.Get(waited.who.userID), tx.tenant.Clients.Get(tx.clientID)
	if user == nil || client == nil {
		return si.sendBack(tx, refuse("access_denied", "the user or the application no longer exists"))
	}
	tx.request = requestForEvent(r)
	run := si.prepare(tx.tenant, actions.PostLogin, si.loginEvent(tx, client, user, waited.who))
	return func(w http.ResponseWriter, r *http.Request) {
		effects := run(r, waited.effects)
		si.under(func() answer { return si.authorized(tx, waited.who, effects) })(w, r)
	}
}
