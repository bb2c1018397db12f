package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/controllers/customer"
	"github.com/seatwarden/seatwarden/internal/ownership"
	"github.com/seatwarden/seatwarden/internal/standin"
	"github.com/seatwarden/seatwarden/internal/status"
)

// pattern is a Customer of two people that the operator itself has settled. What is
// seeded is as it, but for names, ids and numbers.
type pattern struct {
	customer      v1alpha1.Customer
	admin, member v1alpha1.Member
	organization  standin.Organization
	connection    string
}

// seed makes settled Customers of so many people without the operator, which is
// stopped before: 100,000 people would take it hours. customers counts the pattern.
func (w *world) seed(ctx context.Context, customers, people int) error {
	p, err := w.newPattern(ctx)
	if err != nil {
		return err
	}
	if err := w.operator.Stop(); err != nil {
		return err
	}
	w.operator = nil
	into, err := w.store()
	if err != nil {
		return err
	}
	for n := 1; n < customers; n++ {
		objects, err := w.seedCustomer(p, customerName(n), people)
		if err == nil {
			err = into.put(ctx, objects)
		}
		if err != nil {
			return err
		}
		w.sayAtTimes("%d of %d Customers are seeded", n, customers-1)
	}
	tenant := &v1alpha1.Auth0Tenant{ObjectMeta: metav1.ObjectMeta{Name: w.name}}
	counted := client.RawPatch(types.MergePatchType, fmt.Appendf(nil, `{"status":{"customers":%d}}`, customers))
	if err := w.kube.Status().Patch(ctx, tenant, counted); err != nil {
		return fmt.Errorf("seed the Auth0Tenant: %w", err)
	}
	return nil
}

func (w *world) newPattern(ctx context.Context) (p *pattern, err error) {
	name := customerName(0)
	if err := w.apply(ctx, name, 2); err != nil {
		return nil, err
	}
	if err := w.untilMailed(ctx, time.Minute, 2); err != nil {
		return nil, err
	}
	if err := w.acceptAll(ctx); err != nil {
		return nil, err
	}
	if _, err := w.untilQuiet(ctx); err != nil {
		return nil, err
	}
	p = &pattern{}
	admin := customer.AdminMemberName(name, address(name, 0))
	for object, called := range map[client.Object]string{&p.customer: name, &p.admin: admin, &p.member: w.member(name, 1).Name} {
		if err := w.kube.Get(ctx, client.ObjectKey{Namespace: w.name, Name: called}, object); err != nil {
			return nil, fmt.Errorf("read the pattern: %w", err)
		}
	}
	now := w.auth0.Snapshot()
	organization, ok := now.Organization(name)
	if !ok {
		return nil, fmt.Errorf("there is no organization %s", name)
	}
	p.organization = organization.Organization
	for _, connection := range now.Connections {
		if connection.Name == connectionOf(name) {
			p.connection = connection.ID
		}
	}
	return p, nil
}

// seedCustomer makes one Customer in Auth0, and returns its objects.
func (w *world) seedCustomer(p *pattern, name string, people int) (objects []client.Object, err error) {
	connection, err := w.auth0.AddConnection(standin.Connection{Name: connectionOf(name), Strategy: "google-apps", ShowAsButton: true})
	if err != nil {
		return nil, fmt.Errorf("seed a connection: %w", err)
	}
	seed := standin.OrganizationSeed{
		ID: newID("org_"), Name: name, DisplayName: strings.ToUpper(name), Connections: []string{connectionOf(name)}, Metadata: map[string]string{},
	}
	for key, value := range p.organization.Metadata {
		seed.Metadata[key] = strings.ReplaceAll(value, p.customer.Name, name)
	}
	seed.Metadata[ownership.MetadataKey] = uuid.NewString()[:16]
	seed.Metadata[ownership.MetadataSeats] = strconv.Itoa(people)
	ids := []string{p.organization.ID, seed.ID, p.connection, connection.ID}
	object := &v1alpha1.Customer{}
	if err := p.like(&p.customer, object, name, name, ids...); err != nil {
		return nil, err
	}
	object.Spec.Seats = int32(people)                                                   //nolint:gosec // few enough
	object.Status.Seats.Used, object.Status.Seats.Active = int32(people), int32(people) //nolint:gosec // few enough
	ready := meta.FindStatusCondition(object.Status.Conditions, v1alpha1.ConditionReady)
	ready.Message = strings.ReplaceAll(ready.Message, "2 of 2", fmt.Sprintf("%d of %d", people, people))
	object.Status.Summary = status.CustomerSummary(object)
	objects = append(objects, object)
	for n := range people {
		member, userID, err := w.seedMember(p, seed, name, n, ids)
		if err != nil {
			return nil, err
		}
		seed.Members = append(seed.Members, userID)
		objects = append(objects, member)
	}
	if _, err := w.auth0.AddOrganization(seed); err != nil {
		return nil, fmt.Errorf("seed an organization: %w", err)
	}
	return objects, nil
}

// seedMember makes a user with a grant, and returns the Member.
func (w *world) seedMember(p *pattern, seed standin.OrganizationSeed, name string, n int, ids []string) (object *v1alpha1.Member, userID string, err error) {
	from, called := &p.member, w.member(name, n).Name
	if n == 0 {
		from, called = &p.admin, customer.AdminMemberName(name, address(name, 0))
	}
	attempt := newID("")
	ids = append(ids[:len(ids):len(ids)], string(from.Spec.Email), address(name, n), from.Status.Invitation.ID, newID("uinv_"), from.Status.Invitation.Attempt, attempt)
	object = &v1alpha1.Member{}
	if err := p.like(from, object, name, called, ids...); err != nil {
		return nil, "", err
	}
	user, err := w.auth0.AddUser(standin.UserSeed{
		Connection: connectionOf(name), Email: address(name, n), EmailVerified: true,
		AppMetadata: map[string]any{ownership.GrantKey(seed.ID): strings.Join([]string{seed.Metadata[ownership.MetadataKey], ownership.PersonRef(address(name, n)), attempt}, ".")},
	})
	if err != nil {
		return nil, "", fmt.Errorf("seed a user: %w", err)
	}
	return object, user.UserID, nil
}

// like makes an object as one of the pattern's, with its texts changed in pairs.
func (p *pattern) like(from, into client.Object, customerName, called string, pairs ...string) error {
	text, err := json.Marshal(from)
	if err == nil {
		pairs = append(pairs, p.customer.Name, customerName, strings.ToUpper(p.customer.Name), strings.ToUpper(customerName))
		err = json.Unmarshal([]byte(strings.NewReplacer(pairs...).Replace(string(text))), into)
	}
	if err != nil {
		return fmt.Errorf("copy the pattern: %w", err)
	}
	into.SetName(called)
	into.SetResourceVersion("")
	into.SetManagedFields(nil)
	return nil
}

// etcd is what is written into it, past the API server, which takes 12 ms for each
// object on two cores that others use too.
type etcd struct{ url string }

// store is the control plane's etcd.
func (w *world) store() (etcd, error) {
	into := etcd{w.plane.EtcdURL()}
	if into.url == "" {
		return into, errors.New("the control plane was not started here, and its etcd is not known")
	}
	return into, nil
}

// putsAtOnce is how many writes etcd takes in one transaction.
const putsAtOnce = 100

// put writes objects as the API server stores them.
func (e etcd) put(ctx context.Context, objects []client.Object) error {
	for batch := range slices.Chunk(objects, putsAtOnce) {
		var puts []map[string]any
		for _, object := range batch {
			put, err := stored(object)
			if err != nil {
				return err
			}
			puts = append(puts, map[string]any{"requestPut": put})
		}
		if err := e.post(ctx, "/v3/kv/txn", map[string]any{"success": puts}); err != nil {
			return err
		}
	}
	return nil
}

// stored is an object with its key, both in etcd's base64.
func stored(object client.Object) (map[string]any, error) {
	kind := map[bool]string{true: "Customer", false: "Member"}[isCustomer(object)]
	object.GetObjectKind().SetGroupVersionKind(v1alpha1.GroupVersion.WithKind(kind))
	object.SetUID(types.UID(uuid.NewString()))
	object.SetGeneration(1)
	object.SetCreationTimestamp(metav1.Now())
	value, err := json.Marshal(object)
	if err != nil {
		return nil, fmt.Errorf("encode an object: %w", err)
	}
	key := fmt.Sprintf("/registry/%s/%ss/%s/%s", v1alpha1.GroupVersion.Group, strings.ToLower(kind), object.GetNamespace(), object.GetName())
	return map[string]any{"key": []byte(key), "value": value}, nil
}

func isCustomer(object client.Object) bool {
	_, is := object.(*v1alpha1.Customer)
	return is
}

// deleteAll takes all objects of ours away, whatever their finalizers.
func (e etcd) deleteAll(ctx context.Context) error {
	prefix := "/registry/" + v1alpha1.GroupVersion.Group + "/"
	return e.post(ctx, "/v3/kv/deleterange", map[string]any{"key": []byte(prefix), "range_end": []byte(prefix[:len(prefix)-1] + "0")})
}

func (e etcd) post(ctx context.Context, path string, body any) error {
	text, err := json.Marshal(body)
	if err != nil {
		return fmt.Errorf("write to etcd: %w", err)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, e.url+path, bytes.NewReader(text))
	if err != nil {
		return fmt.Errorf("write to etcd: %w", err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return fmt.Errorf("write to etcd: %w", err)
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		answer, _ := io.ReadAll(response.Body)
		return fmt.Errorf("write to etcd: %s: %s", response.Status, answer)
	}
	return nil
}

func newID(prefix string) string { return prefix + strings.ReplaceAll(uuid.NewString(), "-", "")[:16] }
