package vendors_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/retrywise/retrywise/policy"
	"github.com/retrywise/retrywise/vendors"
)

const pagedHead = "vendor: shop\ntitle: Shop\ndocuments: [{url: \"https://shop.example\", read: 2026-11-26}]\npages:\n"

// A row that leads nowhere is reported at its place.
func TestParseRefusesPages(t *testing.T) {
	for row, want := range map[string]string{
		`{style: cursor, items: /a, next: /n}`:                        `vendor file:5:5: pages: a cursor needs param, the parameter that it goes to; if it is a URL, the style is link`,
		`{style: cursr, items: /a}`:                                   `vendor file:5:13: unknown style of pages "cursr"; did you mean "cursor"?`,
		`{style: link}`:                                               `vendor file:5:5: missing key "items"`,
		`{style: link, items: ""}` + "\n  - {style: link, items: /b}": `vendor file:6:5: duplicate pages for everything; the first is at line 5`,
	} {
		_, err := vendors.Parse([]byte(pagedHead + "  - " + row + "\n"))
		if err == nil || err.Error() != want {
			t.Errorf("%s: %v; want %s", row, err, want)
		}
	}
}

// A caller cannot change a vendor's data.
func TestProfileCopiesPages(t *testing.T) {
	v, err := vendors.Parse([]byte(pagedHead + "  - {style: page, path: /a, items: /a, param: p, first: 0}\n"))
	if err != nil {
		t.Fatal(err)
	}
	want := []policy.Paging{{Style: policy.PageByNumber, Paths: []string{"/a"}, Items: "/a", Param: "p", First: new(0)}}
	for range 2 {
		got := v.Profile().Pages
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("pages mismatch (-want +got):\n%s", diff)
		}
		*got[0].First, got[0].Paths[0] = 9, "/b"
	}
}
