package testserver_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/retrywise/retrywise/internal/testserver"
	"github.com/retrywise/retrywise/retrywisetest"
)

// playableList has the fields of a page that a client needs.
type playableList struct {
	Data  []struct{ ID int }
	Links struct{ Next string }
}

func TestPlayablePages(t *testing.T) {
	type part struct {
		IDs     int
		HasNext bool
	}
	for query, want := range map[string]part{
		"":                           {10, true},
		"?page=2":                    {10, true},
		"?page=3":                    {5, false},
		"?page=4":                    {0, false},
		"?page=9223372036854775807":  {0, false},
		"?page=99999999999999999999": {10, true},
		"?page=0":                    {10, true},
		"?page=-1":                   {10, true},
		"?page=two":                  {10, true},
		"?per_page=10":               {10, true},
		"?per_page=25":               {25, false},
		"?per_page=500":              {25, false},
		"?page=2&per_page=20":        {5, false},
	} {
		t.Run(query, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				v := newPlayable(t, testserver.Service{})
				list := playablePageOf(t, v.mustSend("GET", springPlayers+query, ""))
				if diff := cmp.Diff(want, part{len(list.Data), list.Links.Next != ""}); diff != "" {
					t.Errorf("page (-want +got):\n%s", diff)
				}
			})
		})
	}
}

func playablePageOf(t *testing.T, g got) (list playableList) {
	t.Helper()
	if err := json.Unmarshal([]byte(g.Body), &list); g.Status != 200 || err != nil {
		t.Fatalf("answer %v, error %v; want a page", g, err)
	}
	return list
}

// pull follows the links from path to the last page, and returns the ids.
func (v playable) pull(path string) (ids []string) {
	v.t.Helper()
	for path != "" {
		list := playablePageOf(v.t, v.mustSend("GET", path, ""))
		for _, entry := range list.Data {
			ids = append(ids, fmt.Sprint(entry.ID))
		}
		next, ok := strings.CutPrefix(list.Links.Next, v.srv.URL())
		if !ok && next != "" {
			v.t.Fatalf("next %q is on another host than %q", next, v.srv.URL())
		}
		path = next
	}
	return ids
}

func TestPlayableLinksLeadToAllRegistrations(t *testing.T) {
	for _, query := range []string{"", "?per_page=11", "?per_page=500"} {
		t.Run(query, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				v := newPlayable(t, testserver.Service{})
				v.AddCampaign(7, "Spring", 1203)
				want := v.Registrations(7)
				if len(want) != 1203 || !slices.IsSorted(want) {
					t.Fatalf("registrations %v; want 1203 in order", want)
				}
				if diff := cmp.Diff(want, v.pull(springPlayers+query)); diff != "" {
					t.Errorf("pulled (-want +got):\n%s", diff)
				}
				for i := range want {
					want[i] = "7/" + want[i]
				}
				if diff := cmp.Diff(want, v.Served().Keys()); diff != "" {
					t.Errorf("served (-want +got):\n%s", diff)
				}
				if n := v.Served().Duplicates(); n != 0 {
					t.Errorf("%d served twice; want none", n)
				}
			})
		})
	}
}

func TestPlayableServesOverTCP(t *testing.T) {
	p := testserver.NewPlayable(testserver.Service{})
	p.AddCampaign(7, "Spring", 25)
	srv, err := retrywisetest.Start(p)
	if err != nil {
		t.Fatal(err)
	}
	defer srv.Close()
	v := playableOf(t, p, srv)
	v.fetchToken()
	if diff := cmp.Diff(p.Registrations(7), v.pull(springPlayers)); diff != "" {
		t.Errorf("pulled (-want +got):\n%s", diff)
	}
}

func TestPlayableLinksOfItsHostAreHTTPS(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		v := newPlayable(t, testserver.Service{})
		req, err := http.NewRequestWithContext(t.Context(), "GET", "https://api.playable.com"+springPlayers, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+v.Token())
		resp, err := (&http.Client{Transport: v.srv.Transport()}).Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		var page playableList
		if err := json.NewDecoder(resp.Body).Decode(&page); err != nil {
			t.Fatal(err)
		}
		const want = "https://api.playable.com/v1/campaign/7/registrations?page=2"
		if next := page.Links.Next; next != want {
			t.Errorf("next %q; want %q", next, want)
		}
	})
}

// A page that is read again shows in Served.
func TestPlayableServed(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		v := newPlayable(t, testserver.Service{})
		v.mustSend("GET", springPlayers, "")
		v.mustSend("GET", springPlayers+"?page=1", "")
		if n, again := v.Served().Total(), v.Served().Duplicates(); n != 20 || again != 10 {
			t.Errorf("%d served, %d again; want 20 and 10", n, again)
		}
		if diff := cmp.Diff([][]byte{nil, []byte("page=1")}, v.Served().Payloads("7/7000001"), cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("queries (-want +got):\n%s", diff)
		}
		if ids := v.Registrations(9); len(ids) != 0 {
			t.Errorf("registrations %v of an unknown campaign; want none", ids)
		}
	})
}
