package vcr

import (
	"encoding/json"
	"testing"
)

// What is masked stays as it is, or a file that was just written would be refused; and JSON stays
// JSON.
func FuzzMask(f *testing.F) {
	for _, text := range []string{
		`{"a":{"token":["x",{"y":1}]},"b":"ana@shop-of-ana.com"}`, `[{"password":"x"}]`, `{"a":1}{"token":2}`, `{"token":`, `{"message":"token=abcdef&x"}`,
		"client_secret=abc&to=ana%40shop-of-ana.com", `<a><Token x="1">abc</Token></a>`, "Bearer abcdefghijklmnop", "--b\r\nContent-Disposition: form-data; name=\"token\"\r\n\r\nabc\r\n--b--",
		`{"id":1,"mine":"ab`, "data: {\"mine\":\"a b\"}", `<a><mine><![CDATA[x]]></mine><b c="&#34;`, "GET / HTTP/1.1\r\nCookie: a\r\n\r\n{\"mine\":1}",
	} {
		for _, kind := range []string{"", "application/json", "application/x-www-form-urlencoded", "text/xml", "multipart/form-data", "application/http"} {
			f.Add(text, kind)
		}
	}
	m := newMasker(Options{Secrets: []string{"own"}, Fields: []string{"mine"}})
	f.Fuzz(func(t *testing.T, text, kind string) {
		once := m.body(text, kind)
		if twice := m.body(once, kind); twice != once {
			t.Errorf("%q becomes %q, and then %q", text, once, twice)
		}
		if json.Valid([]byte(text)) && !json.Valid([]byte(once)) {
			t.Errorf("%q is JSON, and %q is not", text, once)
		}
		if url := m.url(text); m.url(url) != url {
			t.Errorf("URL %q becomes %q, and then %q", text, url, m.url(url))
		}
	})
}
