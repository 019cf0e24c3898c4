package client

import (
	"encoding/base64"
	"net/http"
	"slices"
	"strings"
	"unicode"

	"github.com/retrywise/retrywise/policy"
)

// A vendor may say a credential back where a code, a field or a request id is expected,
// and those are printed. What holds a credential of the call is none of them. It is
// taken out after the decision, so that what only looks like one does not change that.

// minSecret is the length of a credential from which it is looked for: shorter ones
// would be found in honest codes.
const minSecret = 8

// secretWords are those in the name of a header or a query parameter that holds a credential.
var secretWords = []string{
	"apikey", "auth", "authorization", "cookie", "credential", "pass", "password", "pwd", "secret", "session", "sig",
	"signature", "token",
}

// secretKeys are what makes a key a credential: a sort key is none.
var secretKeys = []string{"", "access", "account", "api", "private", "subscription"}

// isSecretName reports whether a name, such as "X-Api-Key" or "access_token", is that of
// a credential.
func isSecretName(name string) bool {
	before := ""
	for _, word := range wordsOfName(name) {
		if slices.Contains(secretWords, word) || word == "key" && slices.Contains(secretKeys, before) {
			return true
		}
		before = word
	}
	return false
}

// wordsOfName splits X-Api-Key, access_token and accessToken, in small letters.
func wordsOfName(name string) []string {
	var words strings.Builder
	before := ' '
	for _, r := range name {
		if unicode.IsLower(before) && unicode.IsUpper(r) {
			_ = words.WriteByte('_')
		}
		_, _ = words.WriteRune(unicode.ToLower(r))
		before = r
	}
	return strings.FieldsFunc(words.String(), func(r rune) bool { return strings.ContainsRune("-_.", r) })
}

// secrets are the credentials that went with the latest attempt.
func (x *call) secrets() []string {
	found := []string{x.options.IdempotencyKey}
	if user := x.req.URL.User; user != nil {
		password, _ := user.Password()
		found = append(found, user.Username(), password)
	}
	for name, values := range x.req.URL.Query() {
		if isSecretName(name) {
			found = append(found, values...)
		}
	}
	worn := x.worn()
	for name, values := range worn {
		if isSecretName(name) || !slices.Equal(values, x.req.Header[name]) { // what Auth put there is one
			found = append(found, wordsOfHeader(values)...)
		}
	}
	return slices.DeleteFunc(found, func(text string) bool { return len(text) < minSecret })
}

// wordsOfHeader are the parts of a header's values that may be a credential, those that
// are packed into basic authentication as well.
func wordsOfHeader(values []string) []string {
	var words []string
	for _, value := range values {
		words = append(words, strings.FieldsFunc(value, func(r rune) bool { return strings.ContainsRune(" \t=;,\"", r) })...)
		if packed, ok := strings.CutPrefix(value, "Basic "); ok {
			pair, _ := base64.StdEncoding.DecodeString(packed) // what is no base64 hides nothing
			user, password, _ := strings.Cut(string(pair), ":")
			words = append(words, packed, user, password)
		}
	}
	return words
}

// worn is the header that the latest attempt had on the wire.
func (x *call) worn() http.Header {
	if x.attempt == nil || x.attempt.header == nil {
		return x.req.Header
	}
	return x.attempt.header
}

// censor takes out of a failure what is a credential said back.
func (x *call) censor(o *outcome) {
	secrets := x.secrets()
	clean := func(text *string) {
		if slices.ContainsFunc(secrets, func(secret string) bool { return strings.Contains(*text, secret) }) {
			*text = ""
		}
	}
	o.requestID = policy.Profile{}.RequestID(o.header)
	clean(&o.requestID)
	clean(&o.decision.Code)
	for i := range o.failure.Items {
		clean(&o.failure.Items[i].Code)
		clean(&o.failure.Items[i].Path)
	}
}
