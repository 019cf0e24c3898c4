package retrywisetest

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// NothingLeaked fails the test if one of secrets is in one of places: as it is, escaped for a URL
// or for JSON, or in base64, also within a longer text. An empty secret is ignored. The failure
// says where a secret is, but not which.
//
// A place is anything that may leave the program: an error, an event, a text, bytes, a
// bytes.Buffer with a log, or the *Server that stands for another origin, whose requests are
// searched in full. What is not a text is searched as fmt and slog print it, and as it is encoded in
// JSON.
func NothingLeaked(t testing.TB, secrets []string, places ...any) {
	t.Helper()
	for i, secret := range secrets {
		if secret == "" {
			continue
		}
		for _, place := range places {
			if leaked := formOf(secret, textsOf(place)); leaked != "" {
				t.Errorf("secret %d of %d leaked into a %T: %s", i+1, len(secrets), place, leaked)
			}
		}
	}
}

// formOf returns in which form a secret is in one of texts, or "".
func formOf(secret string, texts []string) string {
	for form, looks := range formsOf(secret) {
		for _, text := range texts {
			if slices.ContainsFunc(looks, func(look string) bool { return strings.Contains(text, look) }) {
				return form
			}
		}
	}
	return ""
}

// formsOf returns how a secret may look in a text, by the name of the form.
func formsOf(secret string) map[string][]string {
	quoted, _ := json.Marshal(secret) // a string
	forms := map[string][]string{
		"as it is": {secret, strings.Trim(string(quoted), `"`)},
		"escaped":  {url.QueryEscape(secret), url.PathEscape(secret)},
	}
	for _, encoding := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
		for before := range 3 { // base64 looks different after each number of bytes
			encoded := encoding.EncodeToString([]byte(strings.Repeat("x", before) + secret))
			first, last := (before*8+5)/6, len(encoded)
			if (before+len(secret))%3 != 0 {
				last-- // it also has bits of what follows
			}
			if last-first >= minEncoded {
				forms["in base64"] = append(forms["in base64"], encoded[first:last])
			}
		}
	}
	return forms
}

// minEncoded is how long a text in base64 must be, as short ones are everywhere.
const minEncoded = 6

// textsOf returns the texts of a place.
func textsOf(place any) []string {
	switch p := place.(type) {
	case string:
		return []string{p}
	case []byte:
		return []string{string(p)}
	case *Server:
		var texts []string
		for _, r := range p.Requests() {
			texts = append(texts, r.text())
		}
		return texts
	}
	texts := []string{fmt.Sprintf("%v", place), fmt.Sprintf("%+v", place), fmt.Sprintf("%#v", place)}
	if data, err := json.Marshal(place); err == nil {
		texts = append(texts, string(data))
	}
	return append(texts, fmt.Sprint(slog.AnyValue(place).Resolve()))
}

// text returns all of a request.
func (r Request) text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s?%s\n", r.Method, r.Path, r.Query)
	_ = http.Header.Write(r.Header, &b) // a Builder does not fail
	b.Write(r.Body)
	return b.String()
}
