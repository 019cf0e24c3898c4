package client

import (
	"cmp"
	"encoding/base64"
	"net/http"
	"slices"
	"strings"
)

// A vendor may repeat a credential where a code, a field or a request id is expected, and
// those are printed. They are removed if they hold a credential of the call. That is done
// after the decision, so that a code that only looks like one does not change it.

// minSecret is the length of a credential from which it is looked for: shorter ones
// would be found in honest codes.
const minSecret = 8

// secretsOf returns the credentials that went with a request, whose header on the wire was
// sent.
func secretsOf(r request, sent http.Header) []string {
	found := []string{r.options.IdempotencyKey}
	if user := r.http.URL.User; user != nil {
		password, _ := user.Password()
		found = append(found, user.Username(), password)
	}
	for name, values := range r.http.URL.Query() {
		if isSecret, _ := secretName(name); isSecret {
			found = append(found, values...)
		}
	}
	for name, values := range sent {
		isSecret, _ := secretName(name)
		isOfAuth := name != "User-Agent" && !slices.Equal(values, r.http.Header[name])
		if isSecret || isOfAuth {
			found = append(found, wordsOfHeader(values)...)
		}
	}
	return slices.DeleteFunc(found, func(text string) bool { return len(text) < minSecret })
}

// wordsOfHeader returns the parts of a header's values that may be a credential, also
// those inside basic authentication.
func wordsOfHeader(values []string) []string {
	var words []string
	for _, value := range values {
		words = append(words, strings.FieldsFunc(value, func(r rune) bool { return strings.ContainsRune(" \t=;,\"", r) })...)
		if packed, ok := strings.CutPrefix(value, "Basic "); ok {
			pair, _ := base64.StdEncoding.DecodeString(packed) // an invalid one hides nothing
			user, password, _ := strings.Cut(string(pair), ":")
			words = append(words, packed, user, password)
		}
	}
	return words
}

// redact removes from a judgement what repeats a credential of its request.
func (c *Client) redact(j *judgement, r request, a *attempt) {
	sent := r.http.Header
	if a != nil && a.sentHeader != nil {
		sent = a.sentHeader
	}
	secrets := secretsOf(r, sent)
	clean := func(text *string) {
		if slices.ContainsFunc(secrets, func(secret string) bool { return strings.Contains(*text, secret) }) {
			*text = ""
		}
	}
	j.requestID = cmp.Or(j.failure.RequestID, c.profile.RequestID(j.header))
	clean(&j.requestID)
	clean(&j.decision.Code)
	for i := range j.failure.Items {
		clean(&j.failure.Items[i].Code)
		clean(&j.failure.Items[i].Path)
	}
}
