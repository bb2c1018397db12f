package management

import (
	"regexp"
	"slices"
	"time"

	"github.com/seatwarden/seatwarden/internal/standin/state"
	"github.com/seatwarden/seatwarden/internal/standin/wire"
)

var domainName = regexp.MustCompile(`^([a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?\.)+[a-zA-Z]{2,}$`)

func discoveryDomainRoutes(rt *router) {
	const collection = "/organizations/{id}/discovery-domains"
	const one = collection + "/{discovery_domain_id}"
	rt.add("GET", collection, 200, "", listDiscoveryDomains, "read:organization_discovery_domains")
	rt.add("POST", collection, 201, "", createDiscoveryDomain, "create:organization_discovery_domains")
	rt.add("GET", collection+"/name/{name}", 200, "", getDiscoveryDomainByName, "read:organization_discovery_domains")
	rt.add("GET", one, 200, "", getDiscoveryDomain, "read:organization_discovery_domains")
	rt.add("PATCH", one, 200, "", updateDiscoveryDomain, "update:organization_discovery_domains")
	rt.add("DELETE", one, 204, "", deleteDiscoveryDomain, "delete:organization_discovery_domains")
}

func discoveryDomainItem(o *state.Organization, d *state.DiscoveryDomain) map[string]any {
	return map[string]any{
		"id": d.ID, "domain": d.Domain, "status": d.Status, "verification_txt": d.VerificationText,
		"verification_host":              "_ss-verification." + o.ID + "." + d.Domain,
		"use_for_organization_discovery": d.UseForOrganizationDiscovery,
	}
}

func listDiscoveryDomains(c *call) (any, error) {
	o, err := c.organization()
	if err != nil {
		return nil, err
	}
	if err := c.query.allow(); err != nil {
		return nil, err
	}
	return list(c, listing[*state.DiscoveryDomain]{
		key: "domains", checkpointOnly: true,
		item:   func(d *state.DiscoveryDomain) map[string]any { return discoveryDomainItem(o, d) },
		cursor: func(d *state.DiscoveryDomain) (time.Time, string) { return d.CreatedAt, d.ID },
	}, o.DiscoveryDomains)
}

func discoveryDomainSchema(created bool) schema {
	properties := map[string]schema{
		"status":                         {kind: typeString, enum: []string{"pending", "verified"}},
		"use_for_organization_discovery": {kind: typeBoolean},
	}
	if created {
		properties["domain"] = schema{kind: typeString, required: true, min: 3, max: 255, pattern: domainName}
	}
	return schema{kind: typeObject, properties: properties}
}

type discoveryDomainBody struct {
	Domain                      string  `json:"domain"`
	Status                      *string `json:"status"`
	UseForOrganizationDiscovery *bool   `json:"use_for_organization_discovery"`
}

func (b discoveryDomainBody) applyTo(d *state.DiscoveryDomain) {
	if b.Status != nil {
		d.Status = *b.Status
	}
	if b.UseForOrganizationDiscovery != nil {
		d.UseForOrganizationDiscovery = *b.UseForOrganizationDiscovery
	}
}

func createDiscoveryDomain(c *call) (any, error) {
	o, err := c.organization()
	if err != nil {
		return nil, err
	}
	var body discoveryDomainBody
	if err := c.decode(discoveryDomainSchema(true), &body); err != nil {
		return nil, err
	}
	if o.DiscoveryDomainByName(body.Domain) != nil {
		return nil, wire.NewError(409, "", "The organization discovery domain already exists.")
	}
	d := &state.DiscoveryDomain{
		ID: "ord_" + state.RandomString(22), Domain: body.Domain, Status: "pending", VerificationText: state.RandomHex(16),
		UseForOrganizationDiscovery: true, CreatedAt: c.now,
	}
	body.applyTo(d)
	o.DiscoveryDomains = append(o.DiscoveryDomains, d)
	return discoveryDomainItem(o, d), nil
}

func (c *call) discoveryDomain() (*state.Organization, *state.DiscoveryDomain, error) {
	o, err := c.organization()
	if err != nil {
		return nil, nil, err
	}
	for _, d := range o.DiscoveryDomains {
		if d.ID == c.param("discovery_domain_id") {
			return o, d, nil
		}
	}
	return nil, nil, wire.NotFound("", "No organization domain found by that id")
}

func getDiscoveryDomain(c *call) (any, error) {
	o, d, err := c.discoveryDomain()
	if err != nil {
		return nil, err
	}
	return discoveryDomainItem(o, d), nil
}

func getDiscoveryDomainByName(c *call) (any, error) {
	o, err := c.organization()
	if err != nil {
		return nil, err
	}
	d := o.DiscoveryDomainByName(c.param("name"))
	if d == nil {
		return nil, wire.NotFound("", "No organization domain found by that name")
	}
	return discoveryDomainItem(o, d), nil
}

func updateDiscoveryDomain(c *call) (any, error) {
	o, d, err := c.discoveryDomain()
	if err != nil {
		return nil, err
	}
	var body discoveryDomainBody
	if err := c.decode(discoveryDomainSchema(false), &body); err != nil {
		return nil, err
	}
	body.applyTo(d)
	return discoveryDomainItem(o, d), nil
}

// deleteDiscoveryDomain answers 204 also for one that does not exist.
func deleteDiscoveryDomain(c *call) (any, error) {
	o, err := c.organization()
	if err != nil {
		return nil, err
	}
	o.DiscoveryDomains = slices.DeleteFunc(o.DiscoveryDomains, func(d *state.DiscoveryDomain) bool {
		return d.ID == c.param("discovery_domain_id")
	})
	return nil, nil
}
