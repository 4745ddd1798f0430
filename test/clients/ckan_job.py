# A harvester's walk with ckanapi: lists the packages, searches page by page, reads each one, and downloads a file of it.
import sys
import urllib.error
import urllib.request

from ckanapi import CKANAPIError, NotFound, RemoteCKAN, ValidationError

url = sys.argv[1]
wanted = int(sys.argv[2])

for get_only in (False, True):
    ckan = RemoteCKAN(url, get_only=get_only, user_agent="test")
    names = ckan.action.package_list()
    assert len(names) == wanted, names
    assert names == sorted(names), names
    assert ckan.action.package_list(limit=2, offset=1) == names[1:3]

    # Pages until one is empty, as harvesters read them.
    seen, start = [], 0
    while True:
        page = ckan.action.package_search(rows=2, start=start, sort="id asc", fq="")
        assert page["count"] == wanted, page["count"]
        if not page["results"]:
            break
        seen += page["results"]
        start += 2
    assert sorted(one["name"] for one in seen) == names
    assert [one["id"] for one in seen] == sorted(one["id"] for one in seen)

    for name in names:
        package = ckan.action.package_show(id=name)
        assert package == ckan.action.package_show(id=package["id"])
        assert package["num_resources"] == len(package["resources"]) > 0
        assert all(isinstance(extra["value"], str) for extra in package["extras"])
        for resource in package["resources"]:
            assert ckan.action.resource_show(id=resource["id"]) == resource
            with urllib.request.urlopen(resource["url"]) as answer:
                assert answer.headers["Content-Type"].split(";")[0] == resource["mimetype"], resource

    organizations = ckan.action.organization_list(all_fields=True)
    assert [one["name"] for one in organizations] == ckan.action.organization_list()
    shown = ckan.action.organization_show(id=organizations[0]["name"], include_datasets=True)
    assert len(shown["packages"]) == organizations[0]["package_count"] == wanted
    assert "envi" in ckan.action.group_list()
    assert ckan.action.package_search(fq="groups:envi")["count"] > 0
    assert ckan.action.package_search(fq="metadata_modified:[2000-01-01T00:00:00.000000Z TO *]")["count"] == wanted
    assert ckan.action.package_search(fq="metadata_modified:[2100-01-01T00:00:00Z TO *]")["results"] == []
    assert ckan.action.status_show()["site_url"] == url

    for action, params, error in (
        ("package_show", {"id": "nothing"}, NotFound),
        ("package_show", {}, ValidationError),
        ("package_search", {"q": "title:["}, CKANAPIError),
        ("no_such_action", {}, CKANAPIError),
    ):
        try:
            ckan.call_action(action, params)
            raise AssertionError(f"{action} {params} was answered")
        except error:
            pass

print("done")
