package answer_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/internal/answer"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestParse(t *testing.T) {
	for name, tt := range map[string]struct {
		body string
		want any // nil: Parse reports false
	}{
		"JSON":                          {`{"Error":{"Code":2000,"Message":"m"}}`, map[string]any{"Error": map[string]any{"Code": int64(2000), "Message": "m"}}},
		"the same as XML":               {`<Error><Message>m</Message><Code>2000</Code></Error>`, map[string]any{"Error": map[string]any{"Code": "2000", "Message": "m"}}},
		"every JSON value":              {`{"a":[1,2.5,true,false,null,"x",1e999]}`, map[string]any{"a": []any{int64(1), 2.5, true, false, nil, "x", "1e999"}}},
		"XML with a head":               {"\xef\xbb\xbf <?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!-- c -->\n<a b=\"c\"> <d/> <e> x &amp; y </e> </a>\n", map[string]any{"a": map[string]any{"d": "", "e": "x & y"}}},
		"Latin-1":                       {"<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><a>caf\xe9</a>", map[string]any{"a": "café"}},
		"CDATA":                         {`<a><![CDATA[<b>]]></a>`, map[string]any{"a": "<b>"}},
		"an array":                      {`[]`, []any{}},
		"empty":                         {"", nil},
		"blank":                         {" \r\n", nil},
		"text":                          {"upstream error", nil},
		"a number":                      {"404", nil},
		"a text in JSON":                {`"x"`, nil},
		"a key that is cut":             {`{"a`, nil},
		"a document type in the middle": {`<a><!DOCTYPE b></a>`, nil},
		"cut JSON":                      {`{"a":1`, nil},
		"cut XML":                       {`<a><b>1</b>`, nil},
		"two JSON values":               {`{}{}`, nil},
		"two XML roots":                 {`<a/><b/>`, nil},
		"XML and text":                  {`<a/>x`, nil},
		"HTML":                          {`<html><body>502</body></html>`, nil},
		"HTML in capitals":              {`<HTML></HTML>`, nil},
		"HTML with its type":            {`<!DOCTYPE html><html></html>`, nil},
		"mixed":                         {`{"a":<b/>}`, nil},
		"crossed XML":                   {`<a><b></a></b>`, nil},
		"entities that expand":          {`<!DOCTYPE a [<!ENTITY x "xxxxxxxxxx"><!ENTITY y "&x;&x;&x;">]><a>&y;</a>`, nil},
		"an undeclared entity":          {`<a>&y;</a>`, nil},
		"another charset":               {`<?xml version="1.0" encoding="UTF-16"?><a/>`, nil},
		"JSON that is too deep":         {strings.Repeat(`{"a":`, 100) + "1" + strings.Repeat("}", 100), nil},
		"JSON arrays too deep":          {strings.Repeat(`[`, 10_000) + strings.Repeat("]", 10_000), nil},
		"XML that is too deep":          {strings.Repeat(`<a>`, 100) + strings.Repeat("</a>", 100), nil},
		"NUL":                           {"{\"a\":\"\x00\"}", nil},
		"a duplicate key":               {`{"a":1,"a":2}`, map[string]any{"a": int64(2)}},
	} {
		t.Run(name, func(t *testing.T) {
			n, ok := answer.Parse([]byte(tt.body))
			if ok != (tt.want != nil) {
				t.Fatalf("Parse = %v; want %v", ok, tt.want != nil)
			}
			if diff := cmp.Diff(tt.want, n.Value()); ok && diff != "" {
				t.Errorf("value mismatch (-want +got):\n%s", diff)
			}
		})
	}
}

func TestProblemOf(t *testing.T) {
	problem := http.Header{"Content-Type": {"application/problem+json; charset=utf-8"}}
	for name, tt := range map[string]struct {
		header http.Header
		body   string
		want   []apierrors.Field
	}{
		"detail":             {problem, `{"type":"https://e.test/x","title":"T","status":403,"detail":"D","balance":30}`, []apierrors.Field{{Message: "D"}}},
		"title alone":        {problem, `{"title":"T"}`, []apierrors.Field{{Message: "T"}}},
		"no words":           {problem, `{"status":403}`, nil},
		"fields":             {problem, `{"title":"T","errors":[{"detail":"must be positive","pointer":"#/age"},{"detail":"x","pointer":"#/a~1b/c"}]}`, []apierrors.Field{{Path: "age", Message: "must be positive"}, {Path: "a/b.c", Message: "x"}}},
		"a map of fields":    {problem, `{"title":"One or more validation errors occurred.","errors":{"Name":["required"],"Tags[0].Id":["not a number","negative"]}}`, []apierrors.Field{{Path: "Name", Message: "required"}, {Path: "Tags[0].Id", Message: "not a number"}, {Path: "Tags[0].Id", Message: "negative"}}},
		"an empty map":       {problem, `{"title":"T","errors":{}}`, []apierrors.Field{{Message: "T"}}},
		"odd errors":         {problem, `{"title":"T","errors":["a",{"message":"m"}]}`, []apierrors.Field{{Message: "T"}}},
		"wrong types":        {problem, `{"title":7,"detail":{"a":1},"errors":"x"}`, nil},
		"without its label":  {http.Header{}, `{"type":"about:blank","title":"T"}`, []apierrors.Field{{Message: "T"}}},
		"another document":   {http.Header{}, `{"title":"T","detail":"D"}`, nil},
		"XML":                {http.Header{"Content-Type": {"application/problem+xml"}}, `<problem xmlns="urn:ietf:rfc:7807"><title>T</title></problem>`, []apierrors.Field{{Message: "T"}}},
		"an array for a doc": {problem, `[]`, nil},
	} {
		t.Run(name, func(t *testing.T) {
			n, _ := answer.Parse([]byte(tt.body))
			if diff := cmp.Diff(tt.want, answer.ProblemOf(tt.header, n).Fields); diff != "" {
				t.Errorf("Fields mismatch (-want +got):\n%s", diff)
			}
		})
	}
}

func TestProblemOfNamesLimits(t *testing.T) {
	for body, want := range map[string][]string{
		`{"type":"https://iana.org/assignments/http-problem-types#quota-exceeded","title":"T","violated-policies":["hour","day","hour"]}`: {"hour", "day"},
		`{"type":"about:blank","title":"T","violated-policies":["",7,null,["a"],{"a":"b"}]}`:                                              {""},
		`{"type":"about:blank","title":"T","violated-policies":"hour"}`:                                                                   nil,
		`{"type":"about:blank","title":"T"}`:                                                                                              nil,
		`{"violated-policies":["hour"]}`:                                                                                                  nil, // no problem document
		`{"type":"about:blank","title":"T","violated-policies":["a"` + strings.Repeat(`,"b"`, 200) + `,"c"]}`:                             {"a", "b"},
	} {
		n, _ := answer.Parse([]byte(body))
		if diff := cmp.Diff(want, answer.ProblemOf(http.Header{}, n).Limits); diff != "" {
			t.Errorf("%.99s: Limits mismatch (-want +got):\n%s", body, diff)
		}
	}
}

func TestBounded(t *testing.T) {
	long := strings.Repeat("ä", 300) // 600 bytes
	items := slices.Repeat([]apierrors.Field{{Path: long, Message: " a\nb\x00c " + long}}, answer.MaxItems+1)
	got := answer.Bounded(items)
	if len(got) != answer.MaxItems {
		t.Fatalf("%d items; want %d", len(got), answer.MaxItems)
	}
	want := apierrors.Field{Path: strings.Repeat("ä", 64), Message: "a b c " + strings.Repeat("ä", 252)}
	if diff := cmp.Diff(want, got[0]); diff != "" {
		t.Errorf("item mismatch (-want +got):\n%s", diff)
	}
	if got := answer.Bounded(nil); got != nil {
		t.Errorf("Bounded(nil) = %v", got)
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{`{"Error":{"Code":2000}}`, `<Error><Code>2000</Code></Error>`, `[1,"x",null]`, `<!DOCTYPE a><a/>`, "\xef\xbb\xbf{}", `{"errors":{"a":["b"],"c":[{"d":["e"]}]}}`, `<a>&lt;</a>`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		n, ok := answer.Parse(body)
		if ok && n.Kind != answer.Object && n.Kind != answer.Array {
			t.Errorf("Parse(%q) has the kind %v", body, n.Kind)
		}
		_ = n.Value()
		if all := n.All(answer.Pointer{"*", "*"}); len(all) > len(body) {
			t.Errorf("All found %d values in %d bytes", len(all), len(body))
		}
		_ = answer.ProblemOf(http.Header{"Content-Type": {"application/problem+json"}}, n)
		for _, f := range answer.FieldsOf(n) {
			if len(f.Path) > 128 || len(f.Message) > 512 {
				t.Errorf("FieldsOf(%q) has a field of %d and %d bytes", body, len(f.Path), len(f.Message))
			}
		}
	})
}
