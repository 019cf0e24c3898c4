package vcr_test

import (
	"context"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/retrywise/retrywise/client"
	"github.com/retrywise/retrywise/integrations/vcr"
	"github.com/retrywise/retrywise/retrywisetest"
)

// secrets are in requests and responses of TestRecordMasksSecrets. None may be in the file.
var secrets = []string{
	"bearer-0123456789", "cookie-0123456789", "setcookie-01234567", "query-0123456789", "form-0123456789", "xml-0123456789",
	"access-0123456789", "refresh-0123456789", "nested-0123456789", "inlist-0123456789", "intext-0123456789", "userinfo-0123456789",
	"location-0123456789", "own-0123456789", "field-0123456789", "number-0123456789", "4242424242424242", "multipart-0123456789", "attr-0123456789",
	"ana.silva@shop-of-ana.com", "ana.silva%40shop-of-ana.com", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.c2lnbmF0dXJl",
	"sk_live_0123456789abcdef", "ghp_0123456789abcdefghij", "xoxb-0123456789-abc", "AKIA0123456789ABCDEF", "YWJjZGVmZ2hpamts",
	"\"quoted\\secret\"-0123", "pass word-0123456789",
}

// Nothing of what is secret is written, wherever it is.
func TestRecordMasksSecrets(t *testing.T) {
	body := `{"access_token":"access-0123456789","token_type":"Bearer","nested":{"auth":{"a":["nested-0123456789"],"n":4242424242424242}},
		"passwords":["inlist-0123456789",{"x":"inlist-0123456789"}],"message":"{\"refreshToken\":\"refresh-0123456789\"} and token=intext-0123456789",
		"mail":"ana.silva\u0040shop-of-ana.com","jwt in a text":"see eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.c2lnbmF0dXJl",
		"keys":"sk_live_0123456789abcdef ghp_0123456789abcdefghij xoxb-0123456789-abc AKIA0123456789ABCDEF","my_field":"field-0123456789",
		"note":"own-0123456789","basic":"Basic YWJjZGVmZ2hpamts","quoted":"\"quoted\\secret\"-0123","api_key":null,"ok":true,"id":42}`
	srv := retrywisetest.New(t,
		retrywisetest.JSON(200, body, "Set-Cookie", "sid=setcookie-01234567; Path=/", "X-Session-Token", "access-0123456789", "Link", `<http://vendor.test/next?api_key=query-0123456789&page=2>; rel="next"`),
		retrywisetest.JSON(201, `[{"id":1}]`, "Location", "/orders/1?signature=location-0123456789"),
		retrywisetest.Body(200, "application/xml", `<r><Password>xml-0123456789</Password><t apiKey="attr-0123456789">Bearer bearer-0123456789</t></r>`),
		retrywisetest.Text(200, "hello ana.silva@shop-of-ana.com"),
		retrywisetest.Status(204),
	)
	o := vcr.Options{Secrets: []string{"own-0123456789", `"quoted\secret"-0123`, "pass word-0123456789", ""}, Fields: []string{"MY_FIELD"}}
	name := recorded(t, srv, o, func(transport http.RoundTripper) {
		c := newClient(t, transport, client.Bearer("bearer-0123456789"))
		do := func(what client.Call) {
			if _, err := call(t.Context(), c, what); err != nil {
				t.Error(err)
			}
		}
		do(client.Call{Path: "/contacts/email:ana.silva@shop-of-ana.com", Query: url.Values{"api_key": {"query-0123456789"}, "mail": {"ana.silva@shop-of-ana.com"}, "own": {"pass word-0123456789"}},
			Header: http.Header{"Cookie": {"sid=cookie-0123456789"}, "X-My-Shop": {"own-0123456789"}}})
		do(client.Call{Method: "POST", Path: "/token", Body: url.Values{"client_secret": {"form-0123456789"}, "to": {"ana.silva@shop-of-ana.com"}, "grant_type": {"password"}}})
		raw(t, transport, "GET", "http://user:userinfo-0123456789@vendor.test/xml#access_token=query-0123456789", "", "")
		raw(t, transport, "POST", "http://vendor.test/upload", "multipart/form-data; boundary=xyz",
			"--xyz\r\nContent-Disposition: form-data; name=\"api_token\"\r\n\r\nmultipart-0123456789\r\n--xyz\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nplain\r\n--xyz--\r\n")
		raw(t, transport, "POST", "http://vendor.test/json", "application/json", `{"password": "form-0123456789", "n": [1, {"secret": {"x": 1}}]}`)
	})
	text := content(t, name)
	retrywisetest.NothingLeaked(t, secrets, text)
	for _, kept := range []string{`"token_type":"Bearer"`, `"id":42`, `"ok":true`, `"api_key":null`, "page=2", "grant_type=password", "plain", "/orders/1?signature=masked", "masked@example.com"} {
		if !strings.Contains(text, kept) {
			t.Errorf("%q was masked, and is no secret:\n%s", kept, text)
		}
	}
	if _, err := vcr.Play(name, o); err != nil {
		t.Errorf("the file cannot be played: %v", err)
	}
}

// raw sends a request as it is.
func raw(t *testing.T, transport http.RoundTripper, method, url, contentType, body string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	resp, err := transport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
}

// While it is recorded, the client gets what the vendor sends: a masked token would be refused.
func TestRecordPassesTokensOn(t *testing.T) {
	do := func(t *testing.T, transport http.RoundTripper) {
		t.Helper()
		logins := newClient(t, transport, nil)
		auth := client.RenewableBearer("", func(ctx context.Context) (string, time.Time, error) {
			got, err := client.Do[struct {
				Token string `json:"access_token"`
			}](ctx, logins, client.Call{Method: "POST", Path: "/token", Body: url.Values{"refresh_token": {"refresh-0123456789"}}})
			return got.Token, time.Time{}, err
		})
		if _, err := call(t.Context(), newClient(t, transport, auth), client.Call{Path: "/contacts"}); err != nil {
			t.Error(err)
		}
	}
	srv := retrywisetest.New(t, retrywisetest.JSON(200, `{"access_token":"access-0123456789"}`), retrywisetest.JSON(200, `{}`))
	name := recorded(t, srv, vcr.Options{}, func(transport http.RoundTripper) { do(t, transport) })
	if got := srv.Requests()[1].Header.Get("Authorization"); got != "Bearer access-0123456789" {
		t.Errorf("sent %q; want the token", got)
	}
	retrywisetest.NothingLeaked(t, secrets, content(t, name))
	do(t, vcr.New(t, name, vcr.Options{}))
}

// A file that somebody edited, or that is older than a secret's name, is refused: the error says
// where, and not what.
func TestPlayRefusesAFileWithASecret(t *testing.T) {
	srv := retrywisetest.Handle(t, retrywisetest.JSON(200, `{"access_token":"access-0123456789","note":"plain"}`, "X-Note", "plain"))
	name := recorded(t, srv, vcr.Options{}, func(transport http.RoundTripper) {
		_, _ = call(t.Context(), newClient(t, transport, client.Bearer("bearer-0123456789")), client.Call{Path: "/x", Query: url.Values{"token": {"query-0123456789"}}})
	})
	clean := content(t, name)
	for where, edit := range map[string][2]string{
		"header Authorization of the request": {"- masked", "- Bearer bearer-0123456789"},
		"header X-Note of the response":       {"- plain", "- sk_live_0123456789abcdef"},
		"the URL":                             {"token=masked", "token=query-0123456789"},
		"the body of the response":            {`\"note\":\"plain\"`, `\"note\":\"ana.silva@shop-of-ana.com\"`},
	} {
		t.Run(where, func(t *testing.T) {
			edited := strings.Replace(clean, edit[0], edit[1], 1)
			if edited == clean {
				edited = strings.Replace(clean, strings.ReplaceAll(edit[0], `\"`, `"`), strings.ReplaceAll(edit[1], `\"`, `"`), 1)
			}
			if edited == clean {
				t.Fatalf("%q is not in the file:\n%s", edit[0], clean)
			}
			name := filepath.Join(t.TempDir(), "edited")
			if err := os.WriteFile(name+".yaml", []byte(edited), 0o600); err != nil {
				t.Fatal(err)
			}
			_, err := vcr.Play(name, vcr.Options{})
			if err == nil || !strings.Contains(err.Error(), "interaction 0, "+where+": not masked") {
				t.Errorf("error %v; want that %s is not masked", err, where)
			}
			retrywisetest.NothingLeaked(t, secrets, err)
		})
	}
	t.Run("a secret of the options", func(t *testing.T) {
		if _, err := vcr.Play(name, vcr.Options{Secrets: []string{"plain"}}); err == nil {
			t.Error("a secret that was not known when it was recorded: no error")
		}
	})
}
