"""Office employees as the Settings module writes them, payroll settings and timesheet codes as the Payroll module does.

Wages are those of the moment: the API keeps no earlier ones.
"""

from __future__ import annotations

import json

import numpy as np

from st_platform.simulator.business.chance import Ints
from st_platform.simulator.business.pay.staff import ROLES, TIME_CODES, TimeCode
from st_platform.simulator.instants import NEVER, Ticks
from st_platform.simulator.rows.jpm import setup_times
from st_platform.simulator.rows.json_text import (
    Texts,
    booleans,
    chosen,
    days,
    decimals,
    ids,
    instants,
    objects,
    quoted,
    until,
    where,
)
from st_platform.simulator.rows.view import First, View, employee_name

_FIELD_MANAGER = 8
_USERS = 800_000
_PHONES = 60_000


def people_ids(view: View, people: Ints) -> Ints:
    """The employee or technician id of each person on the payroll."""
    technicians = len(view.business.company.technicians.hired)
    return np.where(people < technicians, people + First.TECHNICIAN, people - technicians + First.EMPLOYEE)


def employee_types(view: View, people: Ints) -> Texts:
    return where(people < len(view.business.company.technicians.hired), '"Technician"', '"Employee"')


def code_ends(view: View) -> Ticks:
    """When a timesheet code is retired."""
    company = view.business.company
    length = company.end - company.opened
    return np.array(
        [NEVER if code.retired is None else company.opened + int(code.retired * length) for code in TIME_CODES],
        dtype=np.int64,
    )


def employees(view: View, rows: Ints, modified: Ticks, at: int) -> Texts:
    b, office = view.business, view.payroll.office
    numbers = (rows + First.EMPLOYEE).tolist()
    names = [employee_name(number) for number in numbers]
    here = office.leaves[rows] > at
    person = rows + len(b.company.technicians.hired)
    midnight = b.calendar.local_midnight
    left = until(office.leaves[rows], at)
    town = b.company.profile.towns[0]
    home = {
        "street": None,
        "unit": None,
        "country": "USA",
        "city": town.city,
        "state": b.company.profile.state,
        "zip": town.zip,
    }
    return objects(
        len(rows),
        customFields='[{"typeId":492,"name":"Parking space","value":null}]',
        permissions='[{"id":5,"value":"Allowed"}]',
        id=numbers,
        userId=[number + _USERS for number in numbers],
        name=names,
        firstName=[f'{name.split(" ")[0]}"' for name in names],
        lastName=[f'"{name.split(" ", 1)[1]}' for name in names],
        managerId=ids(office.manager[rows], First.EMPLOYEE),
        role=chosen([f'"{role.name}"' for role in ROLES], office.role[rows]),
        roleIds=[f"[{role + 20}]" for role in office.role[rows].tolist()],
        businessUnitId=where(office.role[rows] > 1, str(First.BUSINESS_UNIT)),
        createdOn=instants(office.joined[rows]),
        modifiedOn=instants(modified),
        email=[f'"office{number}@{b.profile.name}.example"' for number in numbers],
        phoneNumber=view.names.phones(rows + _PHONES),
        loginName=[f'"office{number}"' for number in numbers],
        aadUserId="null",
        accountLocked=booleans(~here),
        home=json.dumps(home),
        agentId=[number - First.EMPLOYEE + 1 for number in numbers],
        startDate=days(midnight(office.joined[rows])),
        terminationDate=days(np.where(left == NEVER, NEVER, midnight(np.where(left == NEVER, 0, left)))),
        hourlyRate=decimals(view.payroll.wages.at(person, at)),
        overtimeProfileId=where(office.hourly[rows], "2", "1"),
        active=booleans(here),
    )


def payroll_settings(view: View, rows: Ints, modified: Ticks, at: int) -> Texts:
    b, payroll = view.business, view.payroll
    person = payroll.listed[rows]
    technicians = len(b.company.technicians.hired)
    is_technician = person < technicians
    office_row = np.maximum(person - technicians, 0)
    numbers = people_ids(view, person)
    manager = np.where(is_technician, _FIELD_MANAGER, payroll.office.manager[office_row])
    return objects(
        len(rows),
        employeeId=numbers.tolist(),
        employeeType=employee_types(view, person),
        externalPayrollId=[f'"P{number}"' for number in numbers.tolist()],
        hourlyRate=decimals(payroll.wages.at(person, at)),
        managerId=ids(manager, First.EMPLOYEE),
        payrollBusinessUnitId=where(~is_technician, str(First.BUSINESS_UNIT)),
        isIncludedInPayroll=booleans(is_technician | (payroll.office.hours[office_row] > 0)),
        hireDate=days(b.calendar.local_midnight(payroll.hired[person])),
        createdOn=instants(payroll.hired[person]),
        modifiedOn=instants(modified),
        customFields=where(is_technician, '[{"typeId":493,"name":"Tool allowance","value":"Yes"}]', "[]"),
        active=booleans(payroll.left[person] > at),
    )


def timesheet_codes(view: View, rows: Ints, modified: Ticks, at: int) -> Texts:
    codes = [TIME_CODES[row] for row in rows.tolist()]
    return objects(
        len(rows),
        id=ids(rows, First.TIMESHEET_CODE),
        code=quoted(code.code for code in codes),
        description=quoted(code.description for code in codes),
        type=quoted(code.type for code in codes),
        applicableEmployeeType=quoted(code.employees for code in codes),
        rateInfo=[_rate_info(code) for code in codes],
        createdOn=instants(setup_times(view, len(TIME_CODES))[rows]),
        modifiedOn=instants(modified),
        active=booleans(code_ends(view)[rows] > at),
    )


def _rate_info(code: TimeCode) -> str:
    multiplier = decimals(np.array([code.multiplier]))[0]
    if code.custom is None:
        return f'{{"hourlyRate":"EmployeeHourlyRate","customHourlyRate":null,"rateMultiplier":{multiplier}}}'
    custom = decimals(np.array([code.custom]))[0]
    return f'{{"hourlyRate":"CustomHourlyRate","customHourlyRate":{custom},"rateMultiplier":{multiplier}}}'
