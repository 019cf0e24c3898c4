package main

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestReadList(t *testing.T) {
	for name, tt := range map[string]struct {
		data string
		want []listEntry
	}{
		"a code on each line":      {"\ufeff# c\nA\r\n\r\n B \n", []listEntry{{"A", 0, "f:2"}, {"B", 0, "f:4"}}},
		"one line with a name":     {"code\nA", []listEntry{{"A", 0, "f:2"}}},
		"the column code first":    {"Name,Code,HTTP-Status\nx,A,404\ny,B,none\n", []listEntry{{"A", 404, "f:2"}, {"B", 0, "f:3"}}},
		"tabs":                     {"id\tcode\n1\tA\n", []listEntry{{"A", 0, "f:2"}}},
		"short rows":               {"status,code\n404\n409,A\n", []listEntry{{"A", 409, "f:3"}}},
		"words":                    {"title\nMember Exists\n", []listEntry{{"title", 0, "f:1"}, {"Member_Exists", 0, "f:2"}}},
		"JSON texts and numbers":   {`["A", 17]`, []listEntry{{"A", 0, "f: /0"}, {"17", 0, "f: /1"}}},
		"JSON objects":             {`[{"error_code": "A", "statusCode": 400}]`, []listEntry{{"A", 400, "f: /0"}}},
		"JSON objects in a member": {`{"version": 1, "codes": ["A"]}`, []listEntry{{"A", 0, "f: /codes/0"}}},
		"JSON keys":                {`{"B": 404, "A": {"status": "400"}}`, []listEntry{{"A", 400, "f: /A"}, {"B", 404, "f: /B"}}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := readList("f", []byte(tt.data))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got, cmp.AllowUnexported(listEntry{})); diff != "" {
				t.Errorf("entries (-want +got):\n%s", diff)
			}
		})
	}
}

// A list has codes in the form of a vendor's file, or is refused.
func FuzzReadList(f *testing.F) {
	for _, seed := range []string{"A\nB\n", "code,status\nA,400\n", "code\tstatus\nA\t400\n", `["A", 1]`, `[{"code": "A"}]`, `{"A": {"status": 400}}`, `{"errors": [{"name": "A"}]}`, "\ufeff[", "\"a\nb\",c\n", "[[[["} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		entries, err := readList("f", data)
		if err == nil && len(entries) == 0 {
			t.Error("neither codes nor an error")
		}
		for _, e := range entries {
			if err == nil && !codeForm.MatchString(e.code) {
				t.Errorf("code %q", e.code)
			}
		}
	})
}
