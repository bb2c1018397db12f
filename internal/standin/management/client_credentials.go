package management

import (
	"cmp"
	"crypto"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/seatwarden/seatwarden/internal/standin/state"
	"github.com/seatwarden/seatwarden/internal/standin/wire"
)

// Types of a client's credentials.
const (
	typePublicKey   = "public_key"
	typeCertificate = "x509_cert"
	typeSubject     = "cert_subject_dn"

	methodPrivateKeyJWT = "private_key_jwt"
)

// credentialsBody names credentials: new ones in full, standing ones by id.
type credentialsBody struct {
	Credentials []state.ClientCredential `json:"credentials"`
}

type authMethodsBody map[string]credentialsBody

type signedRequestBody struct {
	Required    bool                     `json:"required"`
	Credentials []state.ClientCredential `json:"credentials"`
}

func clientCredentialRoutes(rt *router) {
	const collection, one = "/clients/{id}/credentials", "/clients/{id}/credentials/{credential_id}"
	rt.add("GET", collection, 200, "", listClientCredentials, "read:client_credentials")
	rt.add("POST", collection, 201, "", createClientCredential, "create:client_credentials")
	rt.add("GET", one, 200, "", getClientCredential, "read:client_credentials")
	rt.add("PATCH", one, 200, "", updateClientCredential, "update:client_credentials")
	rt.add("DELETE", one, 204, "", deleteClientCredential, "delete:client_credentials")
}

// credentialItem shows a credential; the answers of GET name an absent expiry too.
func credentialItem(k *state.ClientCredential, withNullExpiry bool) map[string]any {
	item := map[string]any{
		"id": k.ID, "name": k.Name, "credential_type": k.Type,
		"created_at": state.Timestamp(k.CreatedAt), "updated_at": state.Timestamp(k.UpdatedAt),
	}
	state.Put(item, "kid", k.Kid)
	state.Put(item, "alg", k.Algorithm)
	state.Put(item, "subject_dn", k.SubjectDN)
	state.Put(item, "thumbprint_sha256", k.Thumbprint)
	if k.ExpiresAt != nil {
		item["expires_at"] = state.Timestamp(*k.ExpiresAt)
	} else if withNullExpiry {
		item["expires_at"] = nil
	}
	return item
}

// addCredentialItems adds to a client's item which credentials it uses: by id,
// or in full in the answer that made them, where times have no trailing zeros.
func addCredentialItems(client *state.Client, item map[string]any, inFull bool) {
	shown := func(ids []string) []any {
		out := []any{}
		for _, id := range ids {
			credential := map[string]any{"id": id}
			if k := client.Credential(id); k != nil && inFull {
				credential = credentialItem(k, false)
				for name, at := range map[string]*time.Time{"created_at": &k.CreatedAt, "updated_at": &k.UpdatedAt, "expires_at": k.ExpiresAt} {
					if at != nil {
						credential[name] = at.UTC().Format("2006-01-02T15:04:05.999Z")
					}
				}
			}
			out = append(out, credential)
		}
		return out
	}
	if len(client.AuthMethods) > 0 {
		methods := map[string]any{}
		for method, ids := range client.AuthMethods {
			methods[method] = map[string]any{"credentials": shown(ids)}
		}
		item["client_authentication_methods"] = methods
	}
	if client.SignedRequests != nil {
		item["signed_request_object"] = map[string]any{
			"required": client.SignedRequests.Required, "credentials": shown(client.SignedRequests.IDs),
		}
	}
}

// changeCredentials applies the two properties of a client that name credentials.
func (c *call) changeCredentials(client *state.Client, body clientBody) error {
	if body.AuthenticationMethods != nil {
		methods := map[string][]string{}
		for _, method := range slices.Sorted(maps.Keys(body.AuthenticationMethods)) {
			ids, err := c.useCredentials(client, body.AuthenticationMethods[method].Credentials)
			if err != nil {
				return err
			}
			methods[method] = ids
		}
		client.AuthMethods = methods
		client.PublicKeys = nil
		for _, id := range methods[methodPrivateKeyJWT] {
			client.PublicKeys = append(client.PublicKeys, client.Credential(id).PEM)
		}
	}
	if given := body.SignedRequestObject; given != nil {
		ids, err := c.useCredentials(client, given.Credentials)
		if err != nil {
			return err
		}
		client.SignedRequests = &state.SignedRequests{Required: given.Required, IDs: ids}
	}
	return nil
}

// useCredentials returns the ids of the named credentials; new ones are added.
func (c *call) useCredentials(client *state.Client, given []state.ClientCredential) ([]string, error) {
	ids := []string{}
	for i := range given {
		k := &given[i]
		if k.ID == "" {
			if err := c.addCredential(client, k); err != nil {
				return nil, err
			}
		} else if client.Credential(k.ID) == nil {
			return nil, wire.InvalidBody("The credential %s does not exist", k.ID)
		}
		ids = append(ids, k.ID)
	}
	return ids, nil
}

// addCredential reads the PEM and derives what Auth0 derives from it.
func (c *call) addCredential(client *state.Client, k *state.ClientCredential) error {
	block, _ := pem.Decode([]byte(k.PEM))
	if block == nil {
		return wire.InvalidBody("Invalid PEM")
	}
	switch k.Type {
	case typePublicKey:
		key, err := state.PublicKey(k.PEM)
		if err != nil {
			return wire.InvalidBody("Invalid PEM")
		}
		thumbprint, err := (&jose.JSONWebKey{Key: key}).Thumbprint(crypto.SHA256)
		if err != nil {
			return wire.InvalidBody("Invalid PEM")
		}
		k.Kid, k.Algorithm = base64.RawURLEncoding.EncodeToString(thumbprint), cmp.Or(k.Algorithm, "RS256")
	case typeCertificate, typeSubject:
		certificate, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return wire.InvalidBody("Invalid PEM")
		}
		if k.Type == typeSubject {
			k.SubjectDN = subjectDN(certificate)
			break
		}
		sum := sha256.Sum256(certificate.Raw)
		k.Thumbprint = base64.RawURLEncoding.EncodeToString(sum[:])
		k.ExpiresAt = &certificate.NotAfter
	default:
		return wire.InvalidProperty("credential_type", "", "No enum match for: %s", k.Type)
	}
	k.ID, k.CreatedAt, k.UpdatedAt = "cred_"+state.RandomString(22), c.now, c.now
	client.Credentials = append(client.Credentials, k)
	return nil
}

// subjectDN writes a certificate's subject as Auth0 does: outermost first, a line each.
func subjectDN(certificate *x509.Certificate) string {
	var parts []string
	names := map[string]string{"2.5.4.6": "C", "2.5.4.8": "ST", "2.5.4.7": "L", "2.5.4.10": "O", "2.5.4.11": "OU", "2.5.4.3": "CN"}
	for _, name := range certificate.Subject.Names {
		label := cmp.Or(names[name.Type.String()], name.Type.String())
		if text, ok := name.Value.(string); ok {
			parts = append(parts, label+"="+text)
		}
	}
	return strings.Join(parts, "\n")
}

// listClientCredentials is always a bare array.
func listClientCredentials(c *call) (any, error) {
	client, err := c.client()
	if err != nil {
		return nil, err
	}
	items := []any{}
	for _, k := range client.Credentials {
		items = append(items, credentialItem(k, true))
	}
	return items, nil
}

var createCredentialSchema = schema{kind: typeObject, properties: map[string]schema{
	"credential_type":        {kind: typeString, required: true, enum: []string{typePublicKey, typeCertificate, typeSubject}},
	"name":                   {kind: typeString, max: 128},
	"pem":                    {kind: typeString, min: 1, max: 4096},
	"alg":                    {kind: typeString, enum: []string{"RS256", "RS384", "PS256"}},
	"subject_dn":             {kind: typeString, min: 1, max: 247},
	"kid":                    {kind: typeString, min: 10, max: 64},
	"parse_expiry_from_cert": {kind: typeBoolean},
	"expires_at":             {kind: typeString},
}}

func createClientCredential(c *call) (any, error) {
	client, err := c.client()
	if err != nil {
		return nil, err
	}
	var k state.ClientCredential
	if err := c.decodeCredential(createCredentialSchema, &k); err != nil {
		return nil, err
	}
	if err := c.addCredential(client, &k); err != nil {
		return nil, err
	}
	return credentialItem(&k, false), nil
}

// decodeCredential also refuses an expires_at that is no time.
func (c *call) decodeCredential(s schema, into any) error {
	if err := c.decode(s, into); err != nil {
		if wire.IsAPIError(err) {
			return err
		}
		return wire.InvalidProperty("expires_at", "", "Object didn't pass validation for format date-time")
	}
	return nil
}

func (c *call) clientCredential() (*state.ClientCredential, error) {
	client, err := c.client()
	if err != nil {
		return nil, err
	}
	k := client.Credential(c.param("credential_id"))
	if k == nil {
		return nil, wire.NotFound("inexistent_credential", "The credential does not exist")
	}
	return k, nil
}

func getClientCredential(c *call) (any, error) {
	k, err := c.clientCredential()
	if err != nil {
		return nil, err
	}
	return credentialItem(k, true), nil
}

var updateCredentialSchema = schema{kind: typeObject, properties: map[string]schema{
	"expires_at": {kind: typeString, nullable: true},
}}

func updateClientCredential(c *call) (any, error) {
	k, err := c.clientCredential()
	if err != nil {
		return nil, err
	}
	var body struct {
		ExpiresAt *time.Time `json:"expires_at"`
	}
	if err := c.decodeCredential(updateCredentialSchema, &body); err != nil {
		return nil, err
	}
	k.ExpiresAt, k.UpdatedAt = body.ExpiresAt, c.now
	return credentialItem(k, false), nil
}

// deleteClientCredential answers 204 also for one that does not exist.
func deleteClientCredential(c *call) (any, error) {
	client, err := c.client()
	if err != nil {
		return nil, err
	}
	client.Credentials = slices.DeleteFunc(client.Credentials, func(k *state.ClientCredential) bool {
		return k.ID == c.param("credential_id")
	})
	return nil, nil
}
