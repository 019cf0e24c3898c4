package testserver

import (
	"net/http"
)

// Token returns the newest access token, or "" if it has expired.
func (cg *CustomerGauge) Token() string { return cg.tokens.latest() }

// ExpireToken makes all access tokens invalid. The key remains valid.
func (cg *CustomerGauge) ExpireToken() { cg.tokens.expire() }

// Renewals returns how many access tokens clients have fetched. The vendor has no
// refresh tokens, so a client's first token counts, too.
func (cg *CustomerGauge) Renewals() int { return cg.tokens.count() - 1 } // NewCustomerGauge issued one

// badCredential returns the code for a refused credential. It alternates between
// that of the vendor's example and that of its table.
func (cg *CustomerGauge) badCredential() gaugeCode {
	if cg.refusals.Add(1)%2 == 1 {
		return gaugeBadKeyExample
	}
	return gaugeBadKey
}

// issueToken serves POST /oauth2/token. The vendor does not document its errors;
// these are the errors of RFC 6749.
func (cg *CustomerGauge) issueToken(w http.ResponseWriter, r *http.Request) {
	formError := r.ParseForm()
	form := r.PostForm // empty if the body is not a form
	var answer reply
	switch {
	case formError != nil || form.Get("grant_type") == "":
		answer = gaugeOAuthError(http.StatusBadRequest, "invalid_request")
	case form.Get("grant_type") != "client_credentials":
		answer = gaugeOAuthError(http.StatusBadRequest, "unsupported_grant_type")
	case form.Get("client_id") != CustomerGaugeClientID || form.Get("client_secret") != CustomerGaugeClientSecret:
		answer = gaugeOAuthError(http.StatusUnauthorized, "invalid_client")
	default:
		answer = reply{status: http.StatusOK, body: map[string]any{
			"access_token": cg.tokens.add(),
			"expires_in":   int(accessTokenLife.Seconds()),
			"token_type":   "Bearer",
		}}
	}
	answer.send(w, r)
}

func gaugeOAuthError(status int, kind string) reply {
	return reply{status: status, body: map[string]any{"error": kind}}
}
