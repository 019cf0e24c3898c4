package client

import (
	"encoding/base64"
	"net/http"
	"slices"
	"strings"
	"unicode"
)

// A vendor may repeat a credential where a code, a field or a request id is expected, and
// those are printed. They are removed if they hold a credential of the call. That is done
// after the decision, so that a code that only looks like one does not change it.

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

// secretsOf returns the credentials that went with a request, whose header on the wire was
// sent.
func secretsOf(r request, sent http.Header) []string {
	found := []string{r.options.IdempotencyKey}
	if user := r.http.URL.User; user != nil {
		password, _ := user.Password()
		found = append(found, user.Username(), password)
	}
	for name, values := range r.http.URL.Query() {
		if isSecretName(name) {
			found = append(found, values...)
		}
	}
	for name, values := range sent {
		if isSecretName(name) || !slices.Equal(values, r.http.Header[name]) { // Auth put it there
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
	if a != nil && a.header != nil {
		sent = a.header
	}
	secrets := secretsOf(r, sent)
	clean := func(text *string) {
		if slices.ContainsFunc(secrets, func(secret string) bool { return strings.Contains(*text, secret) }) {
			*text = ""
		}
	}
	j.requestID = requestID(j.header)
	clean(&j.requestID)
	clean(&j.decision.Code)
	for i := range j.failure.Items {
		clean(&j.failure.Items[i].Code)
		clean(&j.failure.Items[i].Path)
	}
}
