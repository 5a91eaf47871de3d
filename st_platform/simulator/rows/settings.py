"""Business units, technicians and tags as the Settings module writes them."""

from __future__ import annotations

import json

import numpy as np

from st_platform.simulator.business.board.shifts import DAY_HOURS, EVENING_HOURS
from st_platform.simulator.business.chance import Ints
from st_platform.simulator.business.pay.earnings import COMMISSION, on_commission
from st_platform.simulator.instants import NEVER, Ticks
from st_platform.simulator.rows.jpm import setup_times
from st_platform.simulator.rows.json_text import (
    Texts,
    booleans,
    chosen,
    decimals,
    ids,
    instants,
    objects,
    quoted,
    where,
)
from st_platform.simulator.rows.view import First, View, employee_name

TAGS = (
    ("Callback requested", "CALLBACK", "#E4572E", "High"),
    ("Pays on time", "GOOD", "#2E86AB", None),
    ("Commercial account", "COMM", "#76B041", "Medium"),
    ("Gate code needed", "GATE", "#F2A900", "Medium"),
    ("Old equipment", "OLD", "#8E44AD", None),
    ("Opportunity", "OPP", "#17BEBB", "High"),
    ("Door hanger 2019", "HANGER", "#999999", None),
)
_RETIRED_TAG, _OPPORTUNITY = 6, 5


def second_zone(view: View, technicians: Ints) -> Ints:
    """The zone next to their own that some technicians cover too, -1 for the others."""
    zones = len(view.business.places.zones)
    both = view.business.chance.fraction(technicians, "second zone") < 0.4
    return np.where(both, (view.business.company.technicians.zone[technicians] + 1) % zones, -1)


def unit_ends(view: View) -> Ticks:
    """When a business unit is closed."""
    company = view.business.company
    length = company.end - company.opened
    return np.array(
        [NEVER if unit.closes is None else company.opened + int(unit.closes * length) for unit in company.units],
        dtype=np.int64,
    )


def business_units(view: View, rows: Ints, modified: Ticks, at: int) -> Texts:
    company = view.business.company
    profile = company.profile
    units = [company.units[row] for row in rows.tolist()]
    town = profile.towns[0]
    address = {
        "street": "500 Depot Rd",
        "unit": None,
        "city": town.city,
        "state": profile.state,
        "zip": town.zip,
        "country": "USA",
        "latitude": town.latitude,
        "longitude": town.longitude,
        "isManualCoordinates": False,
        "isMilitary": False,
    }
    owner = {
        "id": profile.tenant_id,
        "name": profile.brand,
        "accountCode": None,
        "franchiseId": None,
        "conceptCode": None,
        "modifiedOn": instants(np.array([company.opened]))[0][1:-1],
    }
    return objects(
        len(rows),
        id=ids(rows, First.BUSINESS_UNIT),
        active=booleans(unit_ends(view)[rows] > at),
        name=quoted(unit.name for unit in units),
        officialName=quoted(f"{profile.brand} – {unit.name}" for unit in units),
        email=quoted(f"unit{row + 1}@{profile.name}.example" for row in rows.tolist()),
        currency='"USD"',
        phoneNumber=view.names.phones(rows),
        invoiceHeader=quoted(f"<h1>{profile.brand}</h1>" for _ in units),
        invoiceMessage='"<p>Thank you for your business!</p>"',
        defaultTaxRate=f"0.{profile.tax_rates[0]:04d}",
        authorizationParagraph='"<p>I authorize the work.</p>"',
        acknowledgementParagraph="null",
        address=json.dumps(address),
        materialSku="null",
        quickbooksClass=quoted(unit.division for unit in units),
        accountCode=[f'"{4000 + row * 10}"' for row in rows.tolist()],
        franchiseId="null",
        conceptCode="null",
        corporateContractNumber="null",
        trade=[json.dumps({"id": 31 + unit.trade, "name": profile.trades[unit.trade].name}) for unit in units],
        division=[json.dumps({"id": 41 + len(unit.division), "name": unit.division}) for unit in units],
        tagTypeIds="[]",
        tenant=json.dumps(owner, ensure_ascii=False),
        createdOn=instants(setup_times(view, len(company.units))[rows]),
        modifiedOn=instants(modified),
        externalData="[]",
        certifiedSentriconSpecialistCode="null",
    )


def technicians(view: View, rows: Ints, modified: Ticks, at: int) -> Texts:
    b, people = view.business, view.business.company.technicians
    numbers = (rows + First.TECHNICIAN).tolist()
    names = [employee_name(number) for number in numbers]
    install = np.array([unit.division == "Install" for unit in b.company.units])[people.unit[rows]]
    trades = [b.company.profile.trades[b.company.units[unit].trade].name for unit in people.unit[rows].tolist()]
    hourly = view.payroll.wages.at(rows, at)
    zone, second = people.zone[rows], second_zone(view, rows)
    homes = [_home(view, one.towns[0]) for one in b.places.zones]
    evening = people.evening[rows]
    return objects(
        len(rows),
        id=numbers,
        userId=[number + 700_000 for number in numbers],
        name=names,
        roleIds=where(people.leads[rows], "[11,12]", "[11]"),
        businessUnitId=ids(people.unit[rows], First.BUSINESS_UNIT),
        mainZoneId=ids(zone, First.ZONE),
        zoneIds=[
            json.dumps([one + First.ZONE for one in both if one >= 0])
            for both in zip(zone.tolist(), second.tolist(), strict=True)
        ],
        createdOn=instants(people.hired[rows]),
        modifiedOn=instants(modified),
        email=[f'"tech{number}@{b.profile.name}.example"' for number in numbers],
        phoneNumber=view.names.phones(rows),
        loginName=[f'"tech{number}"' for number in numbers],
        home=chosen(homes, zone),
        dailyGoal=where(install, "4500.00", "1400.00"),
        isManagedTech="true",
        licenseType=where(install, '"ManagedInstaller"', '"ManagedTech"'),
        customFields='[{"typeId":491,"name":"Shirt size","value":"L"}]',
        active=booleans(people.leaves[rows] > at),
        aadUserId="null",
        burdenRate=decimals(hourly * 3 // 10),
        team=quoted(f"Team {trade}" for trade in trades),
        jobFilter='"AllScheduledDispatchedWorkingToday"',
        permissions='[{"id":5,"value":"Allowed"}]',
        accountLocked=booleans(people.leaves[rows] <= at),
        commissionRate=where(on_commission(b)[rows], f"0.0{COMMISSION}00", "0.0000"),
        currentValue="0.0",
        firstName=[f'{name.split(" ")[0]}"' for name in names],
        lastName=[f'"{name.split(" ", 1)[1]}' for name in names],
        hourlyRate=decimals(hourly),
        jobId="null",
        mobilePhone="null",
        outboundCallerId="null",
        payrollId=[f'"P{number}"' for number in numbers],
        payrollProfileId="1",
        appoitmentId="null",
        shiftStart=where(evening, f'"{EVENING_HOURS[0]:02d}:00:00"', f'"{DAY_HOURS[0]:02d}:00:00"'),
        shiftEnd=where(evening, f'"{EVENING_HOURS[1]:02d}:00:00"', f'"{DAY_HOURS[1]:02d}:00:00"'),
        soldByRate="0.0000",
        startDate=instants(people.hired[rows] // 864_000_000_000 * 864_000_000_000),
        status='"Idle"',
        skills=[json.dumps([{"id": 900 + len(trade), "name": trade}]) for trade in trades],
        positions=where(install, '["Installer"]', '["Service"]'),
        location='{"latitude":null,"longitude":null,"coordinatesUpdatedOn":null}',
        bio="null",
        memo="null",
    )


def tag_ends(view: View) -> Ticks:
    company = view.business.company
    ends = np.full(len(TAGS), NEVER, dtype=np.int64)
    ends[_RETIRED_TAG] = company.opened + (company.end - company.opened) // 4
    return ends


def tag_types(view: View, rows: Ints, modified: Ticks, at: int) -> Texts:
    tags = [TAGS[row] for row in rows.tolist()]
    return objects(
        len(rows),
        id=ids(rows, First.TAG_TYPE),
        name=quoted(name for name, *_ in tags),
        color=quoted(color for _, _, color, _ in tags),
        code=quoted(code for _, code, *_ in tags),
        importance=["null" if importance is None else f'"{importance}"' for *_, importance in tags],
        isConversionOpportunity=booleans(rows == _OPPORTUNITY),
        allowToUseOnTimesheetActivity="false",
        isVisibleOnDispatchBoard="true",
        active=booleans(tag_ends(view)[rows] > at),
        createdOn=instants(setup_times(view, len(TAGS))[rows]),
        modifiedOn=instants(modified),
    )


def _home(view: View, town: int) -> str:
    """The address of someone who lives in a town of the profile."""
    profile = view.business.profile
    place = profile.towns[town]
    return json.dumps(
        {
            "street": None,
            "unit": None,
            "country": "USA",
            "city": place.city,
            "state": profile.state,
            "zip": place.zip,
            "streetAddress": None,
            "latitude": None,
            "longitude": None,
        }
    )
