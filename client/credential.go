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

	keyWords    = []string{"", "access", "account", "api", "consumer", "private", "subscription"} // before "key": a sort key is harmless
	cursorWords = []string{
		"change", "continuation", "csrf", "cursor", "delta", "iterator", "list", "next", "page", "resume", "resumption",
		"scroll", "skip", "start", "sync", "watch", "xsrf",
	} // before "token": it is a place in a list, or a guard
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
		if _, isIdentity := secretName(name); isIdentity && strings.Join(values, "") != "" {
			parts = append(parts, where+strings.ToLower(name)+"\x00"+strings.Join(stableCredentials(values), "\x00"))
		}
	}
	for name, values := range req.Header { // which need not be canonical
		if strings.EqualFold(name, "Cookie") {
			values = []string{stableCookies(values)}
		}
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

// rotatingCookies are those of load balancers, which change with each response.
var rotatingCookies = []string{
	"AWSALB", "AWSALBCORS", "AWSALBTG", "AWSALBTGCORS", // AWS, Application Load Balancer: sticky sessions
	"__cf_bm", "_cfuvid", // Cloudflare: cookies of bot management and rate limiting
}

// stableCookies returns the cookies of a header that may identify the account.
func stableCookies(lines []string) string {
	var stable []string
	for _, line := range lines {
		for cookie := range strings.SplitSeq(line, ";") {
			name, _, _ := strings.Cut(strings.TrimSpace(cookie), "=")
			if !slices.Contains(rotatingCookies, name) {
				stable = append(stable, strings.TrimSpace(cookie))
			}
		}
	}
	return strings.Join(stable, "; ")
}

// hashed returns a key made of text that does not reveal it; empty for an empty text.
func hashed(text string) string {
	if text == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(text))
	return string(sum[:])
}

// valuesOf returns the values of a header, also under a key that is not canonical.
func valuesOf(h http.Header, name string) []string {
	var values []string
	for key := range h {
		if strings.EqualFold(key, name) {
			values = append(values, h[key]...)
		}
	}
	return values
}
