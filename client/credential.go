package client

import (
	"crypto/sha256"
	"iter"
	"net/http"
	"slices"
	"strings"
)

// Words in the name of a header or query parameter that holds a credential. One with an
// identity word is the same in each request of an account; a signature is not.
var (
	identityWords = []string{
		"apikey", "auth", "authorization", "cookie", "credential", "pass", "password", "pwd", "secret", "session", "token",
	}
	signatureWords = []string{"sig", "signature"}

	keyWords    = []string{"", "access", "account", "api", "private", "subscription"}                         // before "key": a sort key is harmless
	cursorWords = []string{"continuation", "csrf", "cursor", "next", "page", "skip", "start", "sync", "xsrf"} // before "token": it is a place in a list, or a guard
)

// secretName reports whether a name, such as "X-Api-Key" or "access_token", is that of a
// credential, and whether that identifies the account.
func secretName(name string) (isSecret, isIdentity bool) {
	before := ""
	for word := range nameWords(name) {
		switch {
		case has(signatureWords, word):
			isSecret = true
		case strings.EqualFold(word, "token") && has(cursorWords, before):
		case has(identityWords, word), strings.EqualFold(word, "key") && has(keyWords, before):
			isSecret, isIdentity = true, true
		}
		before = word
	}
	return isSecret, isIdentity
}

func has(words []string, word string) bool {
	return slices.ContainsFunc(words, func(w string) bool { return strings.EqualFold(w, word) })
}

// nameWords yields the words of X-Api-Key, access_token and accessToken.
func nameWords(name string) iter.Seq[string] {
	isLower := func(b byte) bool { return 'a' <= b && b <= 'z' }
	isUpper := func(b byte) bool { return 'A' <= b && b <= 'Z' }
	return func(yield func(string) bool) {
		start := 0
		for i := 1; i <= len(name); i++ {
			isEnd := i == len(name) || strings.IndexByte("-_.", name[i]) >= 0
			if !isEnd && (!isLower(name[i-1]) || !isUpper(name[i])) {
				continue
			}
			if word := strings.Trim(name[start:i], "-_."); word != "" && !yield(word) {
				return
			}
			start = i
		}
	}
}

// identityOf tells the accounts of requests apart by the credentials in them, without
// keeping one; empty if there is none.
func identityOf(req *http.Request) string {
	var parts []string
	add := func(where, name string, values []string) {
		if _, isIdentity := secretName(name); isIdentity {
			parts = append(parts, where+strings.ToLower(name)+"\x00"+strings.Join(values, "\x00"))
		}
	}
	for name, values := range req.Header { // which need not be canonical
		add("header ", name, values)
	}
	if req.URL.RawQuery != "" {
		for name, values := range req.URL.Query() {
			add("query ", name, values)
		}
	}
	if user := req.URL.User; user != nil {
		parts = append(parts, "userinfo\x00"+user.String())
	}
	if len(parts) == 0 {
		return ""
	}
	slices.Sort(parts)
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00\x00")))
	return string(sum[:])
}

// hashed returns a key made of text that does not reveal it; empty for an empty text.
func hashed(text string) string {
	if text == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(text))
	return string(sum[:])
}
