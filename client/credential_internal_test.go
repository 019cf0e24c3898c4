package client

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Which names of headers and parameters are those of a credential, and which of these
// identify the account.
func TestSecretName(t *testing.T) {
	type kind struct{ IsSecret, IsIdentity bool }
	account, signature, harmless := kind{true, true}, kind{true, false}, kind{}
	for name, want := range map[string]kind{
		"Authorization": account, "X-Api-Key": account, "x-api-key": account, "Api-Key": account, "apikey": account, "key": account,
		"X-Shopify-Access-Token": account, "PRIVATE-TOKEN": account, "X-Auth-Token": account, "Cookie": account, "access_token": account,
		"accessToken": account, "client_secret": account, "clientSecret": account, "password": account, "Ocp-Apim-Subscription-Key": account,
		"X-Amz-Credential": account, "oauth_consumer_key": account,
		"X-Amz-Signature": signature, "sig": signature,
		"sort_key": harmless, "Idempotency-Key": harmless, "page_token": harmless, "nextPageToken": harmless, "X-Csrf-Token": harmless,
		"page": harmless, "monkey": harmless, "": harmless, "-": harmless, "Accept": harmless, "author": harmless,
	} {
		isSecret, isIdentity := secretName(name)
		if got := (kind{isSecret, isIdentity}); got != want {
			t.Errorf("%q: got %+v; want %+v", name, got, want)
		}
	}
}

// A name is split at punctuation and before a capital letter.
func TestNameWords(t *testing.T) {
	for name, want := range map[string][]string{
		"X-Api-Key":    {"X", "Api", "Key"},
		"access_token": {"access", "token"},
		"accessToken":  {"access", "Token"},
		"a.b--c_":      {"a", "b", "c"},
		"APIKey":       {"APIKey"},
		"":             nil,
	} {
		if diff := cmp.Diff(want, slices.Collect(nameWords(name))); diff != "" {
			t.Errorf("%q (-want +got):\n%s", name, diff)
		}
	}
}

// A caller may stop after the first word.
func TestNameWordsStops(t *testing.T) {
	for word := range nameWords("X-Api-Key") {
		if word != "X" {
			t.Errorf("got %q; want X alone", word)
		}
		break
	}
}
