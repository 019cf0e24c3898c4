package client

import (
	"net/http"
	"slices"
	"strings"

	apierrors "github.com/retrywise/retrywise/errors"
)

// A vendor may say a credential back where a code, a field or a request id is expected,
// and those are printed. What holds a credential of the call is none of them.

// minSecret is the length of a credential from which it is looked for: shorter ones
// would be found in honest codes.
const minSecret = 8

// secretParameters are the names, or parts of names, of query parameters that hold a
// credential.
var secretParameters = []string{"key", "token", "secret", "password", "signature", "auth"}

// secrets are the credentials that went with the latest attempt.
func (x *call) secrets() []string {
	var found []string
	add := func(text string) {
		if len(text) >= minSecret {
			found = append(found, text)
		}
	}
	add(x.options.IdempotencyKey)
	if password, ok := x.req.URL.User.Password(); ok {
		add(password)
	}
	for name, values := range x.req.URL.Query() {
		if slices.ContainsFunc(secretParameters, func(part string) bool { return strings.Contains(strings.ToLower(name), part) }) {
			for _, value := range values {
				add(value)
			}
		}
	}
	for _, name := range x.secretHeaders() {
		for word := range strings.FieldsSeq(strings.Join(valuesOf(x.worn(), name), " ")) {
			add(word)
		}
	}
	return found
}

func (x *call) secretHeaders() []string {
	names := slices.Concat(credentialHeaders, []string{"Cookie"})
	if key, ok := x.c.auth.(fixed); ok {
		names = append(names, key.header)
	}
	return names
}

// worn is the header that the latest attempt had on the wire.
func (x *call) worn() http.Header {
	if x.attempt == nil || x.attempt.header == nil {
		return x.req.Header
	}
	return x.attempt.header
}

// censored is what a vendor says of an answer, without a credential said back.
func (x *call) censored(items []apierrors.Field) []apierrors.Field {
	secrets := x.secrets()
	items = slices.Clone(items)
	for i := range items {
		items[i].Code, items[i].Path = withoutSecret(items[i].Code, secrets), withoutSecret(items[i].Path, secrets)
	}
	return items
}

// withoutSecret is text, or nothing if it holds one of secrets.
func withoutSecret(text string, secrets []string) string {
	if slices.ContainsFunc(secrets, func(secret string) bool { return strings.Contains(text, secret) }) {
		return ""
	}
	return text
}
