package vcr

import (
	"net/http"
	"strings"
	"testing"

	"gopkg.in/dnaeon/go-vcr.v4/pkg/cassette"
)

// Fields and secrets are masked in what is not JSON, or no longer, and in the parts of a body.
func TestMaskBody(t *testing.T) {
	m := newMasker(Options{Secrets: []string{"4711008150815", `o"wn&secret`}, Fields: []string{"ssn"}})
	for name, test := range map[string]struct{ body, contentType, want string }{
		"JSON that breaks off in a secret":          {`{"id":1,"ssn":"my pass`, "application/json", `{"id":1,"ssn":"masked`},
		"in a text":                                 {`{"id":1,"note":"token=abcdef`, "application/json", `{"id":1,"note":"token=masked`},
		"within a secret":                           {`{"auth":{"user":"ab`, "application/json", `{"auth":{"user":"masked`},
		"in the second document":                    {"{\"ssn\":\"a\"}\n{\"ssn\":\"b", "application/x-ndjson", "{\"ssn\":\"masked\"}\n{\"ssn\":\"masked"},
		"JSON after a byte order mark":              {"\ufeff{\"ssn\":\"a b\"}", "application/json", "\ufeff{\"ssn\":\"masked\"}"},
		"JSON in an event":                          {"data: {\"ssn\":\"a b\"}\n\n", "text/event-stream", "data: {\"ssn\":\"masked\"}\n\n"},
		"JSON in a text":                            {`{"m":"{\"ssn\":\"a b\",\"x\":1}"}`, "application/json", `{"m":"{\"ssn\":\"masked\",\"x\":1}"}`},
		"a secret that is a number":                 {`{"account":4711008150815}`, "application/json", `{"account":0}`},
		"numbers and booleans with a secret's name": {`{"author_id":5,"is_authenticated":true,"total_tokens":0}`, "application/json", `{"author_id":0,"is_authenticated":true,"total_tokens":0}`},
		"a header in a text":                        {"X-Api-Key: abcdef", "text/plain", "X-Api-Key: masked"},
		"CDATA":                                     {`<a><x:password><![CDATA[b<c]]></x:password>d</a>`, "text/xml", `<a><x:password><![CDATA[masked]]></x:password>d</a>`},
		"an element in a secret one":                {`<a><credentials><key x="1">b</key> c</credentials>d</a>`, "text/xml", `<a><credentials><key x="1">masked</key>masked</credentials>d</a>`},
		"an element that is empty":                  {`<a><token/>b<ssn></ssn>c</a>`, "text/xml", `<a><token/>b<ssn></ssn>c</a>`},
		"a comment in a secret":                     {`<ssn>1<!-- 2 -->3</ssn>`, "text/xml", `<ssn>masked<!--masked-->masked</ssn>`},
		"XML that breaks off":                       {`<a><password>b`, "text/xml", `<a><password>masked`},
		"an attribute that breaks off":              {`<a token="b`, "text/xml", `<a token="masked`},
		"a secret that is escaped":                  {`<a>o&#34;wn&amp;secret</a>`, "text/xml", `<a>masked</a>`},
		"lines of a part":                           {"--b\r\nContent-Disposition: form-data; name=\"ssn\"\r\n\r\na\r\nb\r\n--b--", "multipart/form-data; boundary=b", "--boundary\r\nContent-Disposition: form-data; name=\"ssn\"\r\n\r\nmasked\r\n--boundary--"},
		"a part of JSON":                            {"--b\r\nContent-Type: application/json\r\n\r\n{\"ssn\":\"a\"}\r\n--b--", "multipart/mixed; boundary=b", "--boundary\r\nContent-Type: application/json\r\n\r\n{\"ssn\":\"masked\"}\r\n--boundary--"},
		"a request of a batch": {
			"--b\r\nContent-Type: application/http\r\n\r\nPOST /x HTTP/1.1\r\nCookie: a\r\nContent-Type: application/json\r\n\r\n{\"ssn\":\"a\"}\r\n--b--", "multipart/mixed; boundary=b",
			"--boundary\r\nContent-Type: application/http\r\n\r\nPOST /x HTTP/1.1\r\nCookie: masked\r\nContent-Type: application/json\r\n\r\n{\"ssn\":\"masked\"}\r\n--boundary--",
		},
		"a parameter's name": {"ana%40shop-of-ana.com=1&a=2", "application/x-www-form-urlencoded", "masked%40example.com=1&a=2"},
	} {
		t.Run(name, func(t *testing.T) {
			got := m.body(test.body, test.contentType)
			if got != test.want {
				t.Errorf("got  %q\nwant %q", got, test.want)
			}
			if again := m.body(got, test.contentType); again != got {
				t.Errorf("%q is masked again: %q", got, again)
			}
		})
	}
}

// Keys and codes of URLs and of OAuth are masked, and what has such a name elsewhere is not.
func TestMaskKeysAndCodes(t *testing.T) {
	m := newMasker(Options{})
	for text, want := range map[string]string{
		"https://vendor.test/maps?key=abc&q=1":                                                   "https://vendor.test/maps?key=masked&q=1",
		"https://app.test/back?state=1&code=abc":                                                 "https://app.test/back?state=1&code=masked",
		"https://vendor.test/?subscription-key=abc&postcode=1":                                   "https://vendor.test/?subscription-key=masked&postcode=1",
		"https://hooks.slack.com/services/T01234567/B01234567/abcdefghijklmnopqrstuvwx":          "https://hooks.slack.com/services/masked",
		"https://vendor.test/x?h=pat-eu1-01234567-89ab-cdef-0123-456789abcdef&m=" + hex + "-us6": "https://vendor.test/x?h=masked&m=masked",
	} {
		if got := m.url(text); got != want || m.url(got) != got {
			t.Errorf("%s becomes %s; want %s", text, got, want)
		}
	}
	for text, want := range map[string]string{
		"grant_type=authorization_code&code=abc": "grant_type=authorization_code&code=masked",
		"code=SUMMER&key=A-1":                    "code=SUMMER&key=A-1",
	} {
		if got := m.body(text, "application/x-www-form-urlencoded"); got != want {
			t.Errorf("%s becomes %s; want %s", text, got, want)
		}
	}
	if body := `{"key":"A-1","code":"TAKEN"}`; m.body(body, "application/json") != body {
		t.Error("a key or a code in JSON was masked")
	}
}

const hex = "0123456789abcdef0123456789abcdef"

// A file that is compressed is not written, also where no header says that it is.
func TestCompressedFilesAreNotWritten(t *testing.T) {
	for name, body := range map[string]string{"gzip": "\x1f\x8b\x08\x00", "zip": "PK\x03\x04\x14", "zstd": "\x28\xb5\x2f\xfd\x04"} {
		t.Run(name, func(t *testing.T) {
			i := cassette.Interaction{Response: cassette.Response{Headers: http.Header{"Content-Type": {"application/octet-stream"}}, Body: body}}
			if err := newMasker(Options{}).interaction(&i); err == nil || !strings.Contains(err.Error(), "cannot be searched for secrets") {
				t.Errorf("error %v; want that it cannot be searched", err)
			}
		})
	}
}
