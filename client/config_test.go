package client_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/retrywise/retrywise/client"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/policy"
	"github.com/retrywise/retrywise/retrywisetest"
)

// New reports all problems in one error, without a credential.
func TestNewReportsEveryProblem(t *testing.T) {
	wrong := policy.Default().WithLimit(policy.Limit{Name: "x"})
	_, err := client.New(client.Config{BaseURL: "ftp://user:secret@host", Policy: &wrong})
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{"BaseURL", "limit x"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("error %v; want one that names %s", err, want)
		}
	}
	if strings.Contains(err.Error(), "secret") {
		t.Errorf("error %v has the secret", err)
	}
	if _, err := client.New(client.Config{Auth: client.Bearer("x")}); err == nil {
		t.Error("New with Auth but no base URL returned no error")
	}
	if _, err := client.New(client.Config{}); err != nil {
		t.Errorf("New of the zero Config: %v", err)
	}
}

// A policy is for one vendor, as its rules name that vendor's codes.
func TestNewRefusesThePolicyOfAnotherVendor(t *testing.T) {
	named := func(name string) *policy.Policy {
		p, err := policy.New(policy.Settings{Name: name})
		if err != nil {
			t.Fatal(err)
		}
		return &p
	}
	for name, tt := range map[string]struct {
		vendor client.Vendor
		policy *policy.Policy
		want   string
	}{
		"policy of the vendor":              {shop{shopPolicy(t)}, named("shop"), ""},
		"default policy":                    {shop{shopPolicy(t)}, new(policy.Default()), ""},
		"policy of another vendor":          {shop{shopPolicy(t)}, named("store"), `client: Policy: it is for vendor "store", and the Vendor is "shop"`},
		"policy of a vendor, but no Vendor": {nil, named("store"), `client: Policy: it is for vendor "store", and there is no Vendor`},
		"a Vendor's own, of another name":   {shop{*named("store")}, nil, `client: Vendor: its profile is named "shop", and the policy in it "store"`},
		"default policy and no Vendor":      {nil, new(policy.Default()), ""},
	} {
		_, err := client.New(client.Config{Vendor: tt.vendor, Policy: tt.policy})
		got := ""
		if err != nil {
			got = err.Error()
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// Config.Policy replaces the vendor's.
func TestConfigPolicy(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.New(t, retrywisetest.HTML(503))
		p := shopPolicy(t).With(policy.Rule{Name: "no retries here", When: policy.Match{Class: apierrors.ServerError}, Action: apierrors.FailFast})
		c := newClient(t, srv, client.Config{Policy: &p})
		_, err := send(t.Context(), t, c, "GET", "/items/7", "")
		if e := failure(t, err); e.Action != apierrors.FailFast || e.Rule != "no retries here" {
			t.Errorf("action %v, rule %q; want fail_fast, \"no retries here\"", e.Action, e.Rule)
		}
	})
}

func TestConfigUserAgent(t *testing.T) {
	for name, tt := range map[string]struct {
		config string
		header []string
		want   string
	}{
		"default":        {"", nil, "retrywise"},
		"of the Config":  {"nightly/7", nil, "nightly/7"},
		"of the request": {"nightly/7", []string{"User-Agent", "by hand"}, "by hand"},
	} {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				srv := retrywisetest.New(t, retrywisetest.Status(200))
				c := newClient(t, srv, client.Config{UserAgent: tt.config})
				if _, err := sendRequest(t, c.Send, newRequest(t, "GET", "/items", "", tt.header...)); err != nil {
					t.Fatal(err)
				}
				if got := srv.Requests()[0].Header.Get("User-Agent"); got != tt.want {
					t.Errorf("User-Agent %q; want %q", got, tt.want)
				}
			})
		})
	}
}

// A base URL is an absolute http or https URL without a credential. The error does not have
// one that is in it.
func TestNewChecksTheBaseURL(t *testing.T) {
	for base, want := range map[string]string{
		"https://vendor.test/v1":               "",
		"http://vendor.test:8080":              "",
		"/v1":                                  "absolute",
		"ftp://vendor.test":                    "absolute",
		"https://":                             "absolute",
		"https://vendor.test/%zz":              "absolute",
		"https://u:s3cret@vendor.test":         "no userinfo",
		"https://vendor.test?key=s3cret":       "no userinfo, query",
		"https://vendor.test#s3cret":           "fragment",
		"https://[fe80::1%25en0]:8080/devices": "",
	} {
		c, err := client.New(client.Config{BaseURL: base})
		switch {
		case want == "" && err != nil, want != "" && (err == nil || !strings.Contains(err.Error(), want)):
			t.Errorf("%s: got error %v; want %q in it, or none", base, err, want)
		case err != nil && strings.Contains(err.Error(), "s3cret"):
			t.Errorf("%s: error %v has the secret", base, err)
		}
		if c != nil {
			_ = c.Close()
		}
	}
}

// A Transport that NewTransport did not make is refused.
func TestNewRefusesAnEmptyTransport(t *testing.T) {
	for name, transport := range map[string]*client.Transport{"nil": nil, "zero": {}} {
		if _, err := client.New(client.Config{Transport: transport}); err == nil || !strings.Contains(err.Error(), "NewTransport") {
			t.Errorf("%s Transport: got error %v; want one that names NewTransport", name, err)
		}
	}
}
