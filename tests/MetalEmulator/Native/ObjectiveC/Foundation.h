// NSString, NSError, NSArray: as much of them as Metal's callers need.
#pragma once
#include "Runtime.h"
#include <vector>

namespace emu {
struct String : Object
{
    std::string text;
};
struct Error : Object
{
    std::string text, domain;
    long code = 0;
};
struct Array : Object
{
    std::vector<Id> items;
    void dispose() override;
};

void defineFoundation();
void defineCounting(Class * c); // retain, release, autorelease, label
Id newString(const std::string & text);
Id newError(const std::string & text, const char * domain, long code); // autoreleased
Id newArray(const std::vector<Id> & items);
std::string textOf(Id string, const char * message);
}
