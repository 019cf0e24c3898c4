package vendors_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/policy"
)

// Responses that say something else than their status, or the same status for different things.
func TestDecisionsOfMisleadingResponses(t *testing.T) {
	type want struct {
		class  apierrors.Class
		action apierrors.Action
		wait   time.Duration // by the response or the rule
		retry  bool          // in the same call
	}
	for name, w := range map[string]want{
		"github/403-nothing-remains":                        {apierrors.RateLimited, apierrors.Throttle, 10 * time.Minute, true},
		"github/403-secondary-limit":                        {apierrors.RateLimited, apierrors.Throttle, time.Minute, true},
		"github/403-secondary-limit-with-wait":              {apierrors.RateLimited, apierrors.Throttle, 75 * time.Second, true},
		"github/403-no-right":                               {apierrors.Permission, apierrors.Surface, 0, false},
		"github/502-with-a-reset":                           {apierrors.ServerError, apierrors.Retry, 0, true},
		"github/502-create-with-a-reset":                    {apierrors.ServerError, apierrors.Retry, 0, false},
		"github/202-statistics-not-computed":                {apierrors.Timeout, apierrors.Retry, 0, true},
		"github/409-empty-repository":                       {apierrors.NotFound, apierrors.Accept, 0, false},
		"github/200-graphql-rate-limited":                   {apierrors.RateLimited, apierrors.Throttle, 10 * time.Minute, true},
		"github/403-nothing-remains-and-reset-is-over":      {apierrors.RateLimited, apierrors.Throttle, time.Minute, true},
		"github/405-merge":                                  {apierrors.InvalidState, apierrors.Surface, 0, false},
		"github/429-no-reason":                              {apierrors.RateLimited, apierrors.Throttle, time.Minute, true},
		"github/503-invitation-by-an-enterprise-server":     {apierrors.ServerError, apierrors.Retry, 0, false},
		"jira/500-update-in-doubt":                          {apierrors.ServerError, apierrors.Retry, 0, false},
		"jira/503-query-through-the-gateway":                {apierrors.ServerError, apierrors.Retry, 0, true},
		"jira/503-update-through-the-gateway":               {apierrors.ServerError, apierrors.Retry, 0, false},
		"slack/503-unavailable-message-by-get":              {apierrors.ServerError, apierrors.Retry, 0, false},
		"slack/503-unavailable-history-by-get":              {apierrors.ServerError, apierrors.Retry, 0, true},
		"zendesk/503-merge-of-a-user":                       {apierrors.ServerError, apierrors.Retry, 0, false},
		"klaviyo/400-source-parameter":                      {apierrors.MalformedRequest, apierrors.FailFast, 0, false},
		"klaviyo/400-source-pointer":                        {apierrors.Validation, apierrors.Surface, 0, false},
		"klaviyo/403-cloudflare-challenge":                  {apierrors.ServerError, apierrors.Retry, 0, true},
		"klaviyo/409-duplicate-profile":                     {apierrors.AlreadyExists, apierrors.Surface, 0, false},
		"klaviyo/410-retired-revision":                      {apierrors.Unsupported, apierrors.FailFast, 0, false},
		"klaviyo/429-steady":                                {apierrors.RateLimited, apierrors.Throttle, 37 * time.Second, true},
		"klaviyo/503-event":                                 {apierrors.ServerError, apierrors.Retry, 0, false},
		"klaviyo/503-upsert":                                {apierrors.ServerError, apierrors.Retry, 0, true},
		"mailchimp/400-many-lists":                          {apierrors.QuotaExceeded, apierrors.Defer, 24 * time.Hour, false},
		"mailchimp/400-member-exists":                       {apierrors.AlreadyExists, apierrors.Surface, 0, false},
		"mailchimp/403-bare":                                {apierrors.RateLimited, apierrors.Throttle, 10 * time.Second, true},
		"mailchimp/403-forbidden":                           {apierrors.Permission, apierrors.FailFast, 0, false},
		"mailchimp/403-html":                                {apierrors.RateLimited, apierrors.Throttle, 10 * time.Second, true},
		"mailchimp/404-member":                              {apierrors.NotFound, apierrors.Surface, 0, false},
		"mailchimp/414-nesting":                             {apierrors.MalformedRequest, apierrors.FailFast, 0, false},
		"mailchimp/503-compliance":                          {apierrors.Permission, apierrors.Surface, 0, false},
		"microsoft_graph/401-claims-challenge":              {apierrors.Authentication, apierrors.FailFast, 0, false},
		"microsoft_graph/401-expired":                       {apierrors.TokenExpired, apierrors.Refresh, 0, true},
		"microsoft_graph/405-dataverse-collection":          {apierrors.Unsupported, apierrors.FailFast, 0, false},
		"microsoft_graph/405-dataverse-still-referenced":    {apierrors.InvalidState, apierrors.Surface, 0, false},
		"microsoft_graph/409-concurrency-violation":         {apierrors.Conflict, apierrors.Retry, 3 * time.Second, true},
		"microsoft_graph/410-resync-nested":                 {apierrors.InvalidState, apierrors.Surface, 0, false},
		"microsoft_graph/412-dataverse-duplicate":           {apierrors.AlreadyExists, apierrors.Surface, 0, false},
		"microsoft_graph/416-unlisted-nested-code":          {apierrors.InvalidState, apierrors.Surface, 0, false},
		"microsoft_graph/503-event-with-guests":             {apierrors.ServerError, apierrors.Retry, 0, false},
		"microsoft_graph/503-throttled":                     {apierrors.ServerError, apierrors.Retry, 2 * time.Minute, true},
		"microsoft_graph/507-storage-full":                  {apierrors.LimitReached, apierrors.Surface, 0, false},
		"microsoft_graph/509-bandwidth":                     {apierrors.RateLimited, apierrors.Throttle, time.Minute, true},
		"google/200-bigquery-job-failed-internally":         {apierrors.ServerError, apierrors.Surface, 0, false},
		"google/403-api-disabled":                           {apierrors.Configuration, apierrors.FailFast, 0, false},
		"google/403-drive-daily-limit":                      {apierrors.QuotaExceeded, apierrors.Defer, 24 * time.Hour, false},
		"google/403-forbidden-unlisted-reason":              {apierrors.Permission, apierrors.Surface, 0, false},
		"google/403-permission-denied-beside-old-reason":    {apierrors.RateLimited, apierrors.Throttle, 0, true},
		"google/403-permission-denied-beside-rate-limit":    {apierrors.RateLimited, apierrors.Throttle, 0, true},
		"google/404-html-for-an-unknown-url":                {apierrors.Unsupported, apierrors.FailFast, 0, false},
		"google/429-ads-operations-of-a-day":                {apierrors.QuotaExceeded, apierrors.Defer, 15 * time.Minute, false},
		"google/429-quota-of-a-day":                         {apierrors.QuotaExceeded, apierrors.Defer, time.Hour, false},
		"google/429-gmail-time-in-message":                  {apierrors.RateLimited, apierrors.Throttle, 45500 * time.Millisecond, true},
		"google/429-sheets-retry-info":                      {apierrors.RateLimited, apierrors.Throttle, 34070 * time.Millisecond, true},
		"jira/429-quota-of-the-app":                         {apierrors.QuotaExceeded, apierrors.Defer, 1847 * time.Second, false},
		"jira/429-quota-of-the-tenant":                      {apierrors.QuotaExceeded, apierrors.Defer, 30 * time.Minute, false},
		"jira/429-burst":                                    {apierrors.RateLimited, apierrors.Throttle, time.Second, true},
		"jira/429-changes-of-one-issue":                     {apierrors.RateLimited, apierrors.Throttle, 2 * time.Second, true},
		"jira/429-gateway":                                  {apierrors.RateLimited, apierrors.Throttle, 5 * time.Second, true},
		"jira/400-field":                                    {apierrors.Validation, apierrors.Surface, 0, false},
		"jira/400-query":                                    {apierrors.MalformedRequest, apierrors.Surface, 0, false},
		"jira/503-busy-create":                              {apierrors.ServerError, apierrors.Retry, 0, false},
		"slack/200-ratelimited":                             {apierrors.RateLimited, apierrors.Throttle, 7 * time.Second, true},
		"slack/200-rate-limited-without-wait":               {apierrors.RateLimited, apierrors.Throttle, time.Minute, true},
		"slack/200-token-expired":                           {apierrors.TokenExpired, apierrors.Refresh, 0, true},
		"slack/200-already-reacted":                         {apierrors.AlreadyExists, apierrors.Accept, 0, false},
		"slack/200-body-cut-off":                            {apierrors.MalformedRequest, apierrors.Retry, 0, true},
		"slack/200-fatal-error-of-a-message":                {apierrors.ServerError, apierrors.Retry, 0, false},
		"slack/200-internal-error-of-a-list":                {apierrors.ServerError, apierrors.Retry, 0, true},
		"slack/200-workspace-moves":                         {apierrors.Maintenance, apierrors.Defer, time.Hour, false},
		"zendesk/429-limit-of-the-account":                  {apierrors.RateLimited, apierrors.Throttle, 31 * time.Second, true},
		"zendesk/429-too-many-jobs":                         {apierrors.QuotaExceeded, apierrors.Defer, 25 * time.Second, false},
		"zendesk/422-duplicate-value":                       {apierrors.AlreadyExists, apierrors.Surface, 0, false},
		"zendesk/503-update-in-doubt":                       {apierrors.ServerError, apierrors.Retry, 0, false},
		"zendesk/503-update-of-a-user":                      {apierrors.ServerError, apierrors.Retry, 0, true},
		"hubspot/429-secondly":                              {apierrors.RateLimited, apierrors.Throttle, time.Second, true},
		"hubspot/429-ten-secondly":                          {apierrors.RateLimited, apierrors.Throttle, 10 * time.Second, true},
		"hubspot/429-daily":                                 {apierrors.QuotaExceeded, apierrors.Defer, time.Hour, false},
		"hubspot/477-migration":                             {apierrors.Maintenance, apierrors.Defer, 24 * time.Hour, false},
		"hubspot/477-migration-without-wait":                {apierrors.Maintenance, apierrors.Retry, 0, true},
		"hubspot/414-too-many-identities":                   {apierrors.LimitReached, apierrors.Surface, 0, false},
		"hubspot/414-long-url":                              {apierrors.TooLarge, apierrors.Shrink, 0, true},
		"hubspot/423-locked":                                {apierrors.RateLimited, apierrors.Throttle, 2 * time.Second, true},
		"hubspot/409-contact-exists":                        {apierrors.AlreadyExists, apierrors.Surface, 0, false},
		"hubspot/504-create":                                {apierrors.Timeout, apierrors.Retry, 0, false},
		"hubspot/504-upsert":                                {apierrors.Timeout, apierrors.Retry, 0, true},
		"hubspot/400-unlisted-code-and-category":            {apierrors.Validation, apierrors.Surface, 0, false},
		"salesforce/403-requests-of-a-day":                  {apierrors.QuotaExceeded, apierrors.Defer, 30 * time.Minute, false},
		"salesforce/403-long-requests":                      {apierrors.RateLimited, apierrors.Throttle, 10 * time.Second, true},
		"salesforce/403-concurrent-requests":                {apierrors.RateLimited, apierrors.Throttle, 10 * time.Second, true},
		"salesforce/403-one-object":                         {apierrors.Permission, apierrors.Surface, 0, false},
		"salesforce/400-locked-row-of-a-create":             {apierrors.Conflict, apierrors.Retry, 0, true},
		"salesforce/400-lock-inside-a-flow":                 {apierrors.Conflict, apierrors.Retry, 0, true},
		"salesforce/400-flow":                               {apierrors.Validation, apierrors.Surface, 0, false},
		"salesforce/401-session":                            {apierrors.TokenExpired, apierrors.Refresh, 0, true},
		"salesforce/401-session-of-another-api":             {apierrors.Permission, apierrors.FailFast, 0, false},
		"salesforce/500-soap-session":                       {apierrors.TokenExpired, apierrors.Refresh, 0, true},
		"salesforce/503-create":                             {apierrors.ServerError, apierrors.Retry, 0, false},
		"salesforce/420-edge":                               {apierrors.ServerError, apierrors.Retry, 0, true},
		"stripe/429-lock":                                   {apierrors.Conflict, apierrors.Retry, 0, true},
		"stripe/429-rate-limit":                             {apierrors.RateLimited, apierrors.Throttle, 0, true},
		"stripe/429-rate-limit-not-to-be-retried":           {apierrors.RateLimited, apierrors.Surface, 0, false},
		"stripe/402-declined-card":                          {apierrors.Validation, apierrors.Surface, 0, false},
		"stripe/402-unlisted-decline":                       {apierrors.Validation, apierrors.Surface, 0, false},
		"stripe/402-issuer-away":                            {apierrors.ServerError, apierrors.Surface, 0, false},
		"stripe/402-to-be-retried":                          {apierrors.Validation, apierrors.Retry, 0, true},
		"stripe/400-unexpected-state-with-an-older-decline": {apierrors.InvalidState, apierrors.Surface, 0, false},
		"stripe/400-missing-reference":                      {apierrors.Dependency, apierrors.Surface, 0, false},
		"stripe/404-missing-object":                         {apierrors.NotFound, apierrors.Surface, 0, false},
		"stripe/409-conflict":                               {apierrors.Conflict, apierrors.Retry, 0, true},
		"stripe/503-read-not-to-be-retried":                 {apierrors.ServerError, apierrors.Surface, 0, false},
		"shopify/200-throttled":                             {apierrors.RateLimited, apierrors.Throttle, 4400 * time.Millisecond, true},
		"shopify/200-throttled-without-code":                {apierrors.RateLimited, apierrors.Throttle, 2 * time.Second, true},
		"shopify/200-too-expensive":                         {apierrors.TooLarge, apierrors.Shrink, 0, true},
		"shopify/200-one-field-denied":                      {apierrors.Permission, apierrors.Surface, 0, false},
		"shopify/200-internal-error-of-a-mutation":          {apierrors.ServerError, apierrors.Retry, 0, false},
		"shopify/423-locked-shop":                           {apierrors.Configuration, apierrors.FailFast, 0, false},
		"shopify/429-bucket-is-full":                        {apierrors.RateLimited, apierrors.Throttle, 2 * time.Second, true},
		"shopify/430-attack":                                {apierrors.Permission, apierrors.FailFast, 0, false},
		"shopify/540-switched-off":                          {apierrors.Maintenance, apierrors.Retry, 0, true},
	} {
		t.Run(name, func(t *testing.T) {
			a := readAnswer(t, "testdata/"+name+".http")
			v := lookup(t, vendorOf("testdata/"+name))
			d := v.Policy().Decide(*v.Decode(a), policy.State{
				Method: a.Method, Path: a.Path, MaxWait: new(1000 * time.Hour), CanRefresh: true, CanShrink: true,
			})
			if diff := cmp.Diff(w, want{d.Class, d.Action, max(d.Delay, d.RetryIn), d.Retry}, cmp.AllowUnexported(want{})); diff != "" {
				t.Errorf("decision mismatch (-want +got):\n%s", diff)
			}
		})
	}
}

// After an attempt that may have been executed, the wanted thing is there.
func TestDecideAcceptsWhatAnEarlierAttemptCreated(t *testing.T) {
	for _, name := range []string{
		"google/409-bigquery-own-job-id", "microsoft_graph/412-dataverse-duplicate", "klaviyo/409-duplicate-profile",
		"mailchimp/400-member-exists", "mailchimp/404-member",
	} {
		t.Run(name, func(t *testing.T) {
			a := readAnswer(t, "testdata/"+name+".http")
			v := lookup(t, vendorOf("testdata/"+name))
			for before, want := range map[policy.Outcome]apierrors.Action{policy.InDoubt: apierrors.Accept, policy.NotApplied: apierrors.Surface} {
				if d := v.Policy().Decide(*v.Decode(a), policy.State{Method: a.Method, Path: a.Path, Before: before}); d.Action != want {
					t.Errorf("before %v: %v; want %v", before, d.Action, want)
				}
			}
		})
	}
}

// The source of an error of Klaviyo is its field: a member of the body, or a parameter.
func TestDecodeSourceOfKlaviyo(t *testing.T) {
	for name, want := range map[string][]string{
		"400-source-pointer":   {"/data/attributes/email", "/data/attributes/phone_number"},
		"400-source-parameter": {"filter"},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, item := range lookup(t, "klaviyo").Decode(readAnswer(t, "testdata/klaviyo/"+name+".http")).Items {
				got = append(got, item.Path)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("fields (-want +got):\n%s", diff)
			}
		})
	}
}
